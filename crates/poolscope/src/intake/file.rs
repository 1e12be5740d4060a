//! Positioned reads over a file, on Unix and Windows, without mapping it: a file that shrinks while it is read
//! gives a short read, not a crash.

use std::fs::File;
use std::io;
use std::path::Path;

use poolscope_formats::ReadAt;

use super::error::IntakeError;

/// Opens one file for positioned reads.
///
/// # Errors
/// [`IntakeError::Open`].
pub fn open_input(path: &Path) -> Result<Box<dyn ReadAt>, IntakeError> {
    let opened =
        FileInput::open(path).map_err(|source| IntakeError::Open { path: path.to_path_buf(), source })?;
    Ok(Box::new(opened))
}

/// An open file of known length.
#[derive(Debug)]
pub(super) struct FileInput {
    file: File,
    len: u64,
}

impl FileInput {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }

    pub(super) fn from_file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }
}

impl ReadAt for FileInput {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            match read_once(&self.file, &mut buffer[done..], at) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

#[cfg(unix)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
