"""What scrubadub finds in documents.

    scrub.py DOCUMENTS OUT

DOCUMENTS are lines {"id", "text"}; OUT gets {"id", "spans": [{"start", "end", "type"}]}.
"""

import sys

import documents
import scrubadub

# Its names of what Drawgate finds too.
TYPES = {
    "address": "LOCATION",
    "credential": "PASSWORD",
    "credit_card": "CREDIT_CARD",
    "date_of_birth": "DATE_OF_BIRTH",
    "drivers_licence": "UK_DRIVING_LICENCE",
    "email": "EMAIL_ADDRESS",
    "name": "PERSON",
    "national_insurance_number": "UK_NINO",
    "phone": "PHONE_NUMBER",
    "postalcode": "LOCATION",
    "social_security_number": "US_SSN",
    "url": "URL",
}


def main():
    scrubber = scrubadub.Scrubber()

    def spans(text):
        # What overlaps is told as one, which holds its parts.
        parts = (
            part
            for filth in scrubber.iter_filth(text)
            for part in getattr(filth, "filths", None) or [filth]
        )
        return [(it.beg, it.end, TYPES.get(it.type, it.type.upper())) for it in parts]

    documents.answer(sys.argv[1], sys.argv[2], spans)


main()
