"""Tests of the rules for files that come with contacts."""
