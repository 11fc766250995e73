//! The one signature in a signed file, read and judged without the code that made it.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::db::rfc5911::ID_MESSAGE_DIGEST;
use der::asn1::OctetString;
use der::{Decode, Encode, Reader, SliceReader};
use rubrica::domain::algorithm::{Digest, DigestAlgorithm};
use rubrica::domain::key::{DtbsR, PublicKey, SignatureValue};

use super::caller::Sample;

/// The DTBS/R of the one signature in the file, in hexadecimal. It verifies, and it is over that document.
pub(super) fn judged(sample: &Sample, file: &[u8], about: &str) -> String {
    let (cms, covered) = if sample.is_pdf() {
        out_of_pdf(&sample.bytes, file, about)
    } else {
        (file.to_vec(), sample.bytes.clone())
    };
    let outer = ContentInfo::from_der(&cms).unwrap();
    let signed: SignedData = outer.content.decode_as().unwrap();
    let content = signed.encap_content_info.econtent.as_ref();
    let content = content.map(|content| content.decode_as::<OctetString>().unwrap());
    if sample.is_pdf() || sample.is_detached() {
        assert_eq!(content, None, "{about}");
    } else {
        assert_eq!(content.unwrap().as_bytes(), covered, "{about}");
    }
    let signers: Vec<_> = signed.signer_infos.0.iter().collect();
    let [info] = signers[..] else {
        panic!("{about}: {} signers", signers.len());
    };
    let attributes = info.signed_attrs.as_ref().unwrap();
    let digests: Vec<_> = attributes
        .iter()
        .filter(|one| one.oid == ID_MESSAGE_DIGEST)
        .collect();
    let [digest] = digests[..] else {
        panic!("{about}: {} digests", digests.len());
    };
    let digest: OctetString = digest.values.get(0).unwrap().decode_as().unwrap();
    let expected = Digest::of(DigestAlgorithm::Sha256, &covered);
    assert_eq!(
        digest.as_bytes(),
        expected.bytes(),
        "{about}: it is over something else"
    );
    let certificates = signed.certificates.as_ref().unwrap();
    // RFC 5652 section 5.4: what is signed is the attributes as a SET OF.
    let dtbs_r = Digest::of(DigestAlgorithm::Sha256, &attributes.to_der().unwrap());
    let verifies = certificates.0.iter().any(|choice| {
        let CertificateChoices::Certificate(certificate) = choice else {
            return false;
        };
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let key = PublicKey::from_spki(&spki.to_der().unwrap()).unwrap();
        let value = SignatureValue(info.signature.as_bytes().to_vec());
        let scheme = key.algorithm().default_scheme();
        key.verify(scheme, &DtbsR(dtbs_r.clone()), &value).is_ok()
    });
    assert!(verifies, "{about}: it does not verify");
    dtbs_r.to_hex()
}

/// The CMS of the one signature in a PDF, and the bytes it covers: all others.
fn out_of_pdf(original: &[u8], file: &[u8], about: &str) -> (Vec<u8>, Vec<u8>) {
    assert!(file.starts_with(original), "{about}");
    let text = String::from_utf8_lossy(&file[original.len()..]).into_owned();
    let ranges: Vec<_> = text.split("/ByteRange [").skip(1).collect();
    let [range] = ranges[..] else {
        panic!("{about}: {} signatures", ranges.len());
    };
    let numbers = range.split(']').next().unwrap().split_whitespace();
    let numbers: Vec<usize> = numbers.map(|number| number.parse().unwrap()).collect();
    let [0, first, second, rest] = numbers[..] else {
        panic!("{about}: {numbers:?}");
    };
    assert_eq!(second + rest, file.len(), "{about}");
    let digits = std::str::from_utf8(&file[first + 1..second - 1]).unwrap();
    let padded = hex::decode(digits).unwrap();
    // Behind the CMS there are noughts up to the place's end.
    let mut reader = SliceReader::new(&padded).unwrap();
    let cms = reader.tlv_bytes().unwrap().to_vec();
    (cms, [&file[..first], &file[second..]].concat())
}
