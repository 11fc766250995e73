"""Signs one PDF again and again with a key that stays on the token, by PAdES B-B.

Arguments: module, token label, label of the key, threads, document, and where the first signed file goes. The PIN is in
the environment (PIN). Says "ready"; then, for each line with a number of seconds, how many were signed in a second.
"""

import io
import os
import sys
import threading
import time

from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session


def main(module, token, key, threads, document, first):
    with open(document, "rb") as file:
        content = file.read()
    criteria = TokenCriteria(label=token)
    sessions = [
        open_pkcs11_session(module, token_criteria=criteria, user_pin=os.environ["PIN"])
    ]
    # The login is the token's and holds for every session of the process.
    sessions += [sessions[0].token.open() for _ in range(1, int(threads))]
    lanes = [
        PKCS11Signer(session, cert_id=key.encode(), key_id=key.encode()) for session in sessions
    ]
    for lane in lanes:
        sign(lane, content, first)
    print("ready", flush=True)
    for line in sys.stdin:
        begun = time.monotonic()
        counts = []
        running = [
            threading.Thread(target=repeat, args=(lane, content, begun + float(line), counts))
            for lane in lanes
        ]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        print(sum(counts) / (time.monotonic() - begun), flush=True)


def repeat(lane, content, until, counts):
    signed = 0
    while time.monotonic() < until:
        sign(lane, content)
        signed += 1
    counts.append(signed)


def sign(lane, content, out=None):
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    signed = signers.sign_pdf(writer, metadata, signer=lane)
    if out:
        with open(out, "wb") as file:
            file.write(signed.getbuffer())


if __name__ == "__main__":
    main(*sys.argv[1:])
