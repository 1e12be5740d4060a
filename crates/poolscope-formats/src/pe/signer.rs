//! Who says to have signed the image, and when.
//!
//! The certificate table's first Authenticode signature is read: the signer's certificate, its issuer and the
//! countersigned time. **Nothing is verified**: not the hash of the file, not the signature, not the chain, not
//! revocation. An image without a table may still be signed by a catalogue on the server; that is not seen here.

use authenticode::AuthenticodeSignature;
use cms::cert::x509::attr::Attribute;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{ObjectIdentifier, SetOfVec};
use der::{Decode, Encode};
use object::pe;
use x509_cert::Certificate;
use x509_cert::name::Name;

use super::image::Image;
use crate::cursor::Cursor;
use crate::limits::MAX_PE_SIGNATURE_BYTES;
use crate::time::{Civil, Time};

/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`.
const PKCS_SIGNED_DATA: u16 = 2;
const RFC3161_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.3.3.1");
const COUNTERSIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.6");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// The signature an image carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signature {
    /// None in the file. A catalogue may still sign it.
    NotEmbedded,
    /// There is one, and it could not be read.
    Unreadable(String),
    /// What it says; not verified.
    Claims(Signer),
}

/// What a signature says. Not verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// The signer's common name, or organisation.
    pub name: String,
    /// The same of the certificate's issuer.
    pub issuer: String,
    /// The countersigned time, UTC.
    pub signed_at: Option<Time>,
}

impl Signature {
    /// The signer's name, if there is one.
    pub fn signer(&self) -> Option<&str> {
        match self {
            Self::Claims(signer) => Some(&signer.name),
            _ => None,
        }
    }

    /// The countersigned time.
    pub fn signed_at(&self) -> Option<Time> {
        match self {
            Self::Claims(signer) => signer.signed_at,
            _ => None,
        }
    }
}

/// Reads the signature of an image.
pub(super) fn read(image: &Image<'_>) -> Signature {
    // The certificate directory counts from the start of the file.
    let Some((offset, size)) = image.directory(pe::IMAGE_DIRECTORY_ENTRY_SECURITY) else {
        return Signature::NotEmbedded;
    };
    let bytes = image.data.get(offset as usize..).unwrap_or(&[]);
    let bytes = bytes.get(..size as usize).unwrap_or(bytes);
    let mut cursor = Cursor::new(bytes, u64::from(offset));
    let head = cursor
        .u32("length")
        .and_then(|length| Ok((length, cursor.u16("revision")?, cursor.u16("certificate type")?)));
    let (length, kind) = match head {
        Ok((length, _, kind)) => (length as usize, kind),
        Err(short) => return Signature::Unreadable(format!("certificate table: {short}")),
    };
    if kind != PKCS_SIGNED_DATA {
        return Signature::Unreadable(format!("certificate type {kind} at offset {offset:#x}, expected 2"));
    }
    let body = cursor.rest().get(..length.saturating_sub(8)).unwrap_or(cursor.rest());
    if body.len() > MAX_PE_SIGNATURE_BYTES {
        return Signature::Unreadable(format!("signature of {} bytes is over the limit", body.len()));
    }
    match AuthenticodeSignature::from_bytes(body) {
        Ok(signature) => Signature::Claims(claims(&signature)),
        Err(error) => Signature::Unreadable(error.to_string()),
    }
}

fn claims(signature: &AuthenticodeSignature) -> Signer {
    let info = signature.signer_info();
    let certificate = match &info.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => signature.certificates().find(|certificate| {
            certificate.tbs_certificate.serial_number == id.serial_number
                && certificate.tbs_certificate.issuer == id.issuer
        }),
        SignerIdentifier::SubjectKeyIdentifier(_) => None,
    };
    let shown = |name: Option<&Name>| name.and_then(shown_name).unwrap_or_else(|| "unnamed".to_owned());
    let issuer = match &info.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => shown(Some(&id.issuer)),
        SignerIdentifier::SubjectKeyIdentifier(_) => shown(None),
    };
    let subject = certificate.map(|certificate: &Certificate| &certificate.tbs_certificate.subject);
    Signer { name: shown(subject), issuer, signed_at: signed_at(info) }
}

/// Common name, else organisation.
fn shown_name(name: &Name) -> Option<String> {
    let find = |wanted: ObjectIdentifier| {
        let mut parts = name.0.iter().flat_map(|part| part.0.iter());
        let found = parts.rfind(|part| part.oid == wanted)?;
        // Every string type of a name is bytes of ASCII or UTF-8, but for BMPString (UTF-16, big-endian).
        let bytes = found.value.value();
        let text = if found.value.to_der().ok()?.first() == Some(&0x1e) {
            let units: Vec<u16> =
                bytes.chunks_exact(2).map(|unit| unit.try_into().map_or(0, u16::from_be_bytes)).collect();
            String::from_utf16_lossy(&units)
        } else {
            String::from_utf8_lossy(bytes).into_owned()
        };
        Some(text)
    };
    find(COMMON_NAME).or_else(|| find(ORGANISATION))
}

/// The countersigned time: an RFC 3161 token, or the older countersignature.
fn signed_at(info: &SignerInfo) -> Option<Time> {
    let attributes: &SetOfVec<Attribute> = info.unsigned_attrs.as_ref()?;
    for attribute in attributes.iter() {
        let Some(value) = attribute.values.iter().next() else { continue };
        let Ok(der) = value.to_der() else { continue };
        if attribute.oid == RFC3161_TOKEN
            && let Some(time) = token_time(&der)
        {
            return Some(time);
        }
        if attribute.oid == COUNTERSIGNATURE
            && let Ok(counter) = SignerInfo::from_der(&der)
            && let Some(signed) = counter.signed_attrs.as_ref()
            && let Some(time) = signed.iter().find(|attribute| attribute.oid == SIGNING_TIME)
        {
            let der = time.values.iter().next()?.to_der().ok()?;
            return elements(&der).next().and_then(|(tag, text)| asn1_time(tag, text));
        }
    }
    None
}

/// `genTime` of the `TSTInfo` inside a timestamp token.
fn token_time(der: &[u8]) -> Option<Time> {
    let content = cms::content_info::ContentInfo::from_der(der).ok()?;
    let signed: SignedData = content.content.decode_as().ok()?;
    let info = signed.encap_content_info.econtent?;
    let (_, sequence) = elements(info.value()).next()?;
    elements(sequence).find(|&(tag, _)| tag == 0x18).and_then(|(tag, text)| asn1_time(tag, text))
}

/// The DER elements side by side: tag and content.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            let digits = rest.get(..count).filter(|digits| digits.len() <= 4)?;
            let length = digits.iter().fold(0_usize, |sum, &digit| (sum << 8) | usize::from(digit));
            (length, rest.get(count..)?)
        };
        let content = rest.get(..length)?;
        bytes = rest.get(length..)?;
        Some((tag, content))
    })
}

/// UTCTime (0x17, two-digit year) or GeneralizedTime (0x18), always `Z` in signatures.
fn asn1_time(tag: u8, text: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(text).ok()?;
    let (year, rest) = if tag == 0x17 {
        let year: i32 = text.get(..2)?.parse().ok()?;
        (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
    } else {
        (text.get(..4)?.parse().ok()?, text.get(4..)?)
    };
    let field = |at: usize| rest.get(at..at + 2).and_then(|digits| digits.parse::<u32>().ok());
    Civil {
        year,
        month: field(0)?,
        day: field(2)?,
        hour: field(4)?,
        minute: field(6)?,
        second: field(8)?,
        micro: 0,
    }
    .to_time()
}
