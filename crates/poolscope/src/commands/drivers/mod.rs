//! `poolscope drivers`: which driver owns a tag, by reading the images.

mod scan;
mod text;

use anyhow::{Context, Result, bail};
use poolscope_core::model::Tag;
use poolscope_formats::pe::index::{DRIVERS_SCHEMA, IndexedDriver, write_index};
use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::{DriversArgs, When, output};

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    poolscope_version: &'static str,
    /// The tag that was asked for, as displayed.
    tag: Option<String>,
    /// Images that were read.
    images: usize,
    /// Images shown: all of them, or those that have the tag.
    drivers: &'a [IndexedDriver],
    /// Files that begin like an image and could not be read.
    unreadable: &'a [scan::Unreadable],
}

pub(super) fn run(typed: &DriversArgs, color: When) -> Result<Exit> {
    let tag = typed.tag.as_deref().map(parse_tag).transpose()?;
    let scanned = scan::scan(&typed.paths, tag)?;
    if scanned.drivers.is_empty() && scanned.unreadable.is_empty() {
        bail!("there is no driver image under {}", shown(&typed.paths));
    }
    if let Some(path) = &typed.index {
        let index = write_index(&scanned.drivers).context("cannot write the index as JSON")?;
        std::fs::write(path, index).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let images = scanned.drivers.len();
    let drivers = match tag {
        Some(tag) => only_with(scanned.drivers, tag),
        None => scanned.drivers,
    };
    if typed.json {
        let document = Document {
            schema: DRIVERS_SCHEMA,
            poolscope_version: env!("CARGO_PKG_VERSION"),
            tag: tag.map(|tag| tag.to_string()),
            images,
            drivers: &drivers,
            unreadable: &scanned.unreadable,
        };
        let mut text = serde_json::to_string_pretty(&document)?;
        text.push('\n');
        output::print(&text)?;
    } else {
        output::print(&text::render(&drivers, &scanned.unreadable, images, tag, output::style(color)))?;
    }
    Ok(if images == 0 { Exit::Failed } else { Exit::Done })
}

fn parse_tag(typed: &str) -> Result<Tag> {
    Tag::parse_typed(typed)
        .with_context(|| format!("{typed} is no pool tag: one to four characters, · for a trailing blank"))
}

fn shown(paths: &[std::path::PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(", ")
}

/// The drivers that have a tag in any way, each with that tag only, strongest first.
fn only_with(drivers: Vec<IndexedDriver>, tag: Tag) -> Vec<IndexedDriver> {
    let mut kept: Vec<IndexedDriver> = drivers
        .into_iter()
        .filter_map(|mut driver| {
            let same = |used: &poolscope_formats::pe::index::IndexedTag| {
                used.parsed().is_some_and(|(known, _)| known == tag)
            };
            driver.tags.retain(same);
            driver.freed_only.retain(same);
            (!driver.tags.is_empty() || !driver.freed_only.is_empty()).then_some(driver)
        })
        .collect();
    kept.sort_by_key(|driver| {
        let grade = driver.tags.iter().filter_map(|used| used.parsed()).map(|(_, grade)| grade).min();
        (grade.is_none(), grade, driver.path.clone())
    });
    kept
}
