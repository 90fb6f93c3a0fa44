"""The credentials of an installation, made as deploy/kubernetes/README.md says."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import yaml

from shared.permissions.secrets_folder import SecretsFolder
from shared.permissions.users import installed_users
from shared.service import service_names
from tests.deploy.overlays import FOLDER

SCRIPT = FOLDER / "credentials.sh"
SURVEY_KEY = "survey-key-of-these-tests-0123456789abcdef"


def fill(folder: Path) -> None:
    """Make everything that the script reads; what is a secret of others is invented."""
    SecretsFolder(folder, [user.name for user in installed_users()], service_names()).complete()
    for name, text in {
        "operations/yingda_database_password": "of-the-administrator",
        "superuser/superuser.password": "of-the-superuser",
        "notify/yingda_survey_key": SURVEY_KEY,
        "feedback/yingda_survey_key": SURVEY_KEY,
        "trust/database-ca.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")


def printed(folder: Path) -> list[dict[str, Any]]:
    """Return what the script prints for `folder`."""
    return list(yaml.safe_load_all(subprocess.check_output([SCRIPT, folder], text=True)))


def files_of(resource: dict[str, Any]) -> dict[str, str]:
    """Return the files that a Secret or ConfigMap is where it is mounted."""
    if resource["kind"] == "ConfigMap":
        return dict(resource["data"])
    return {key: base64.b64decode(value).decode() for key, value in resource["data"].items()}
