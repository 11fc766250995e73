//! Serial numbers of certificates.

use std::fmt;
use std::str::FromStr;

use x509_cert::serial_number::SerialNumber;

/// A serial number: positive, 16 to 20 octets, unguessable (RFC 5280 section 4.1.2.2). Written in lower-case
/// hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Serial(Vec<u8>);

/// The text is no serial number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a serial number: 1 to 20 octets in hexadecimal expected")]
pub struct InvalidSerial;

impl Serial {
    /// Makes one of 160 random bits; two of them are fixed, so that it is positive and always 20 octets long.
    pub fn from_random(mut random: [u8; 20]) -> Self {
        if let Some(first) = random.first_mut() {
            *first = (*first & 0x7f) | 0x40;
        }
        Self(random.to_vec())
    }

    /// The number, big-endian and without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn of(number: &SerialNumber) -> Self {
        let bytes = number.as_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Self(bytes.get(zeros..).unwrap_or_default().to_vec())
    }

    pub(super) fn to_x509(&self) -> Result<SerialNumber, der::Error> {
        SerialNumber::new(&self.0)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

impl FromStr for Serial {
    type Err = InvalidSerial;

    fn from_str(text: &str) -> Result<Self, InvalidSerial> {
        let bytes = hex::decode(text).ok().ok_or(InvalidSerial)?;
        let first = bytes.first().copied().unwrap_or(0);
        if bytes.len() > 20 || first == 0 {
            return Err(InvalidSerial);
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Encode;

    #[test]
    fn any_random_bits_give_a_positive_number_of_twenty_octets() {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let serial = Serial::from_random([byte; 20]);
            let der = serial.to_x509().unwrap().to_der().unwrap();
            assert_eq!(der.len(), 22);
            assert!(der[2] & 0x80 == 0 && der[2] != 0);
            assert_eq!(serial.to_string().parse(), Ok(serial));
        }
    }

    #[test]
    fn texts_that_are_no_number_are_refused() {
        for text in ["", "0", "xy", "00ff", &"ff".repeat(21)] {
            assert_eq!(text.parse::<Serial>(), Err(InvalidSerial), "{text}");
        }
    }
}
