//! `sc query type= driver` and `sc qc`: services by order and numbers, because their names are localised.

use super::fields::{Field, field, for_each_field_block, head_blocks};
use super::{Inventory, push_driver};
use crate::detect::{Head, Likelihood};
use crate::error::FormatError;
use crate::facts::{DriverFact, DriverListing, DriverType};
use crate::input::{ParseContext, ReadAt, read_vec};
use crate::parsed::{Parsed, Place};
use crate::records::Records;

/// What one block is.
enum Block {
    Driver(Box<DriverFact>),
    /// A service that is no driver.
    OtherService,
}

/// The first number of a value like `1  KERNEL_DRIVER` or `10  WIN32_OWN_PROCESS` (hexadecimal).
fn leading_number(value: &str) -> Option<u64> {
    u64::from_str_radix(value.split_whitespace().next()?, 16).ok()
}

/// A value that is a number and a word in capitals: `4  RUNNING`.
fn number_and_word(value: &str) -> Option<u64> {
    let word = value.split_whitespace().nth(1)?;
    let capitals = word.chars().all(|c| !c.is_lowercase()) && word.chars().any(char::is_alphabetic);
    capitals.then(|| leading_number(value)).flatten()
}

fn service(block: &[Field]) -> Option<Block> {
    // A line of the tool itself may stand above the first field.
    let start = block.iter().position(|field| !field.value.is_empty() && !field.name.starts_with('['))?;
    let fields = block.get(start..)?;
    let (name, rest) = fields.split_first()?;
    // `query` shows the display name second and then type and state; `qc` the type at once.
    // The names of types have underscores, which tells `1  KERNEL_DRIVER` from a display name like `1394 OHCI`.
    let is_type = |field: &Field| field.value.contains('_') && number_and_word(&field.value).is_some();
    let kind_at = rest.iter().take(2).position(is_type)?;
    let kind = number_and_word(&rest.get(kind_at)?.value)?;
    let driver_type = match kind {
        1 => Some(DriverType::Kernel),
        2 | 8 => Some(DriverType::FileSystem),
        0x10..=0xfff => return Some(Block::OtherService),
        _ => return None,
    };
    let mut fact = DriverFact::named(Place::Line(name.line), DriverListing::ScQuery, name.value.clone());
    fact.driver_type = driver_type;
    if kind_at == 1 {
        fact.display_name = rest.first().map(|field| field.value.clone()).filter(|text| !text.is_empty());
        fact.running = match rest.get(2).and_then(|field| number_and_word(&field.value)) {
            Some(1) => Some(false),
            Some(4) => Some(true),
            _ => None,
        };
    } else {
        fact.path = rest
            .iter()
            .map(|field| &field.value)
            .find(|value| value.to_ascii_lowercase().contains(".sys"))
            .cloned();
    }
    Some(Block::Driver(Box::new(fact)))
}

/// True where the tool says that its buffer was too small for the rest.
fn says_more(block: &[Field]) -> bool {
    block.iter().any(|field| {
        field.name.eq_ignore_ascii_case("enum")
            || field.value.contains("bufsize")
            || field.value.contains("resume at index")
    })
}

/// Reads services of `sc`.
///
/// # Errors
/// [`FormatError::NotThisFormat`] without a service's block; [`FormatError::Read`].
pub fn parse(input: &dyn ReadAt) -> Result<Parsed<Inventory>, FormatError> {
    let mut parsed = Parsed::new(Inventory::default());
    let mut services = 0u64;
    for_each_field_block(input, |block| {
        if says_more(block) {
            parsed.value.cut_short = true;
            parsed.note(
                Place::Line(block.first().map_or(1, |field| field.line)),
                "sc says that more services follow (bufsize too small)",
            );
            return;
        }
        match service(block) {
            Some(Block::Driver(fact)) => push_driver(&mut parsed, *fact),
            Some(Block::OtherService) => services += 1,
            None => {
                let line = block.first().map_or(1, |field| field.line);
                if block.len() >= 3 {
                    parsed.bad(Place::Line(line), "expected a service with its type and state");
                }
            }
        }
    })?;
    if parsed.value.drivers.is_empty() && services == 0 {
        let head = read_vec(input, 0, 40)?;
        return Err(FormatError::not_this(
            "output of sc query",
            Place::Whole,
            "a service with its type and state",
            &head,
        ));
    }
    if services > 0 {
        parsed.note(Place::Whole, format!("{services} services that are no drivers are not kept"));
    }
    Ok(parsed)
}

/// The row's parser in [`crate::detect::FORMATS`].
pub(crate) fn parse_records(input: &dyn ReadAt, _: &ParseContext) -> Result<Parsed<Records>, FormatError> {
    Ok(parse(input)?.map(Records::Inventory))
}

/// The row's test in [`crate::detect::FORMATS`].
pub(crate) fn test(head: &Head) -> Option<Likelihood> {
    let named = head
        .lines()
        .take(40)
        .any(|line| field(1, line, false).is_some_and(|field| field.name == "SERVICE_NAME"));
    let blocks = head_blocks(&head.text);
    let fits = blocks.iter().take(4).any(|block| service(block).is_some());
    match (named, fits) {
        (true, true) => Some(Likelihood::Certain),
        (false, true) => Some(Likelihood::Likely),
        _ => None,
    }
}
