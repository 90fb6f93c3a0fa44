"""Everything goes wrong at once, by a seeded plan; a ledger that the test writes itself is the judge.

`plan` says what happens when, `surroundings` holds servers, proxies and `yingda up`, `faults` does the harm, `adapter`
publishes contacts, `staff` gives commands; `ledger` is what this side knows for certain, `record` what the stream says,
`messages` what the customers' phones got, and `judge` holds the three against one another.
"""
