//! Writes IIS W3C logs with any field list.

use std::fmt::Write as _;

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `2026-05-01 08:31:02`, UTC.
    pub when: &'a str,
    /// Status, substatus and Win32 status.
    pub codes: (u16, u16, u32),
}

impl<'a> Request<'a> {
    /// A request with its three results.
    pub fn new(when: &'a str, status: u16, substatus: u16, win32: u32) -> Self {
        Self { when, codes: (status, substatus, win32) }
    }
}

/// A log being written.
#[derive(Clone, Debug)]
pub struct IisWriter {
    fields: String,
    text: String,
}

impl IisWriter {
    /// An empty log with these fields, as `#Fields` lists them.
    pub fn new(fields: &str) -> Self {
        Self { fields: fields.to_owned(), text: String::new() }
    }

    /// The fields from the next [`IisWriter::start`] on.
    pub fn fields(&mut self, fields: &str) -> &mut Self {
        fields.clone_into(&mut self.fields);
        self
    }

    /// The directives of a start of logging.
    pub fn start(&mut self, when: &str) -> &mut Self {
        let fields = &self.fields;
        let _ = write!(
            self.text,
            "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: {when}\r\n#Fields: {fields}\r\n"
        );
        self
    }

    /// One request row.
    pub fn request(&mut self, request: Request<'_>) -> &mut Self {
        let (date, time) = request.when.split_once(' ').unwrap_or((request.when, "-"));
        let (status, substatus, win32) = request.codes;
        let values: Vec<String> = self
            .fields
            .split(' ')
            .map(|field| match field {
                "date" => date.to_owned(),
                "time" => time.to_owned(),
                "s-sitename" => "W3SVC1".to_owned(),
                "s-computername" => "WEB01".to_owned(),
                "cs-uri-stem" => "/shop/default.aspx".to_owned(),
                "cs-method" => "GET".to_owned(),
                "sc-status" => status.to_string(),
                "sc-substatus" => substatus.to_string(),
                "sc-win32-status" => win32.to_string(),
                _ => "-".to_owned(),
            })
            .collect();
        self.text.push_str(&values.join(" "));
        self.text.push_str("\r\n");
        self
    }

    /// Text as it stands, for damage.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// The log's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }
}
