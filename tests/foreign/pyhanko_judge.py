"""Validates many signed files with pyHanko in one process, without the network.

Each line of standard input is a JSON object: kind ("pades", "detached" or "enveloping"), file, original, anchor (PEM),
at (ISO 8601) and lenient (boolean): whether slips in the syntax of a PDF are passed over. PDFs and detached signatures go through pyHanko's own command line; for enveloping ones it has no
command, so its library is called. Each answer is a JSON object: accepted (boolean) and said (text).
"""

import asyncio
import json
import sys
from datetime import datetime

from asn1crypto import cms
from click.testing import CliRunner
from pyhanko.cli import cli_root
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import async_validate_cms_signature
from pyhanko.sign.validation.status import SignatureStatus
from pyhanko_certvalidator import ValidationContext


def is_hybrid(path):
    """Whether a PDF has a cross-reference table and streams beside it: pyHanko looks at such files only when asked."""
    with open(path, "rb") as file:
        return PdfFileReader(file, strict=False).xrefs.hybrid_xrefs_present


def by_command(request):
    trust = ["--no-revocation-check", "--validation-time", request["at"], "--trust", request["anchor"], "--trust-replace"]
    if request["kind"] == "pades":
        lenient = ["--no-strict-syntax"] if request["lenient"] or is_hybrid(request["file"]) else []
        arguments = ["sign", "adesverify", *trust, *lenient, request["file"]]
    else:
        arguments = ["sign", "validate", "--detached", request["file"], *trust, request["original"]]
    result = CliRunner().invoke(cli_root, arguments)
    return result.exit_code == 0, result.output + (repr(result.exception) if result.exception else "")


def by_library(request):
    with open(request["file"], "rb") as file:
        content = cms.ContentInfo.load(file.read(), strict=True)
    context = ValidationContext(
        trust_roots=[load_cert_from_pemder(request["anchor"])],
        moment=datetime.fromisoformat(request["at"]),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    signed = content["content"]
    status = asyncio.run(async_validate_cms_signature(signed, SignatureStatus, validation_context=context))
    with open(request["original"], "rb") as file:
        same = signed["encap_content_info"]["content"].native == file.read()
    return status.intact and status.valid and status.trusted and same, f"{status.summary()}, same content: {same}"


def judged(request):
    try:
        accepted, said = (by_library if request["kind"] == "enveloping" else by_command)(request)
    except Exception as error:
        accepted, said = False, repr(error)
    return {"accepted": bool(accepted), "said": said}


for line in sys.stdin:
    print(json.dumps(judged(json.loads(line))), flush=True)
