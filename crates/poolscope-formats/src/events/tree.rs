//! One event's XML as a small tree. Names lose their prefixes; namespaces are not looked at.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event as Xml};
use quick_xml::{Reader, XmlVersion};

use crate::limits::{MAX_EVENT_XML_DEPTH, MAX_EVENT_XML_NODES};

/// An element.
#[derive(Debug, Default)]
struct Node {
    name: String,
    parent: usize,
    attributes: Vec<(String, String)>,
    text: String,
}

/// The elements in document order; an element is named by its index, the root is 0.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// Reads an element and what is inside; stops after the end of the first element named `until`, if given.
    pub fn parse(xml: &str, until: Option<&str>) -> Result<Self, String> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().allow_dangling_amp = true;
        let mut tree = Self::default();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let at = reader.buffer_position();
            match reader.read_event().map_err(|error| format!("broken XML after {at} bytes: {error}"))? {
                Xml::Start(tag) => {
                    let node = tree.add(&tag, &open)?;
                    open.push(node);
                }
                Xml::Empty(tag) => {
                    tree.add(&tag, &open)?;
                }
                Xml::End(_) => {
                    let closed = open.pop();
                    if open.is_empty() || closed.is_some_and(|node| Some(tree.name(node)) == until) {
                        return Ok(tree);
                    }
                }
                Xml::Text(text) => tree.push_text(&open, &text.into_inner()),
                Xml::CData(text) => tree.push_text(&open, &text.into_inner()),
                Xml::GeneralRef(entity) => match entity.resolve_char_ref() {
                    Ok(Some(char)) => tree.push_text(&open, char.encode_utf8(&mut [0; 4])),
                    _ => {
                        let name = entity.into_inner();
                        match resolve_predefined_entity(&name) {
                            Some(text) => tree.push_text(&open, text),
                            None => tree.push_text(&open, &format!("&{name};")),
                        }
                    }
                },
                Xml::Eof => return Err("the XML ends inside the event".to_owned()),
                Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
            }
        }
    }

    fn add(&mut self, tag: &BytesStart<'_>, open: &[usize]) -> Result<usize, String> {
        if self.nodes.len() >= MAX_EVENT_XML_NODES || open.len() >= MAX_EVENT_XML_DEPTH {
            return Err(format!(
                "over {MAX_EVENT_XML_NODES} elements or {MAX_EVENT_XML_DEPTH} levels in one event"
            ));
        }
        let mut node = Node {
            name: tag.local_name().as_ref().to_owned(),
            parent: open.last().copied().unwrap_or(0),
            ..Node::default()
        };
        for attribute in tag.attributes().with_checks(false).flatten() {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map(|value| value.into_owned());
            let raw = || attribute.value.as_ref().to_owned();
            node.attributes
                .push((attribute.key.local_name().as_ref().to_owned(), value.unwrap_or_else(|_| raw())));
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn push_text(&mut self, open: &[usize], text: &str) {
        if let Some(node) = open.last().and_then(|at| self.nodes.get_mut(*at)) {
            node.text.push_str(text);
        }
    }

    /// The element's name.
    pub fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("", |node| &node.name)
    }

    /// The element's own text, without blanks around it.
    pub fn text(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("", |node| node.text.trim())
    }

    /// An attribute's value.
    pub fn attribute(&self, node: usize, name: &str) -> Option<&str> {
        let attributes = &self.nodes.get(node)?.attributes;
        attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The elements right below, in order.
    pub fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        let below = self.nodes.iter().enumerate().skip(parent + 1);
        below.filter(move |(_, node)| node.parent == parent).map(|(at, _)| at)
    }

    /// The first element of this name right below.
    pub fn child(&self, parent: usize, name: &str) -> Option<usize> {
        self.children(parent).find(|child| self.name(*child).eq_ignore_ascii_case(name))
    }

    /// The first element of this name anywhere.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name.eq_ignore_ascii_case(name))
    }

    /// The text of the first element of this name right below.
    pub fn child_text(&self, parent: usize, name: &str) -> Option<&str> {
        self.child(parent, name).map(|child| self.text(child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_texts_and_entities() {
        let tree = Tree::parse(
            "<a:Event x='1'><System Name=\"a&amp;b\"/><D>one &lt;&#x41;&#66;&gt; &unknown; <![CDATA[<raw>]]></D><D>two</D></a:Event>",
            None,
        )
        .unwrap();
        assert_eq!(tree.name(0), "Event");
        let system = tree.child(0, "system").unwrap();
        assert_eq!(tree.attribute(system, "Name"), Some("a&b"));
        let texts: Vec<_> = tree.children(0).map(|node| tree.text(node)).collect();
        assert_eq!(texts, ["", "one <AB> &unknown; <raw>", "two"]);
    }

    #[test]
    fn reading_may_stop_early_and_depth_is_bounded() {
        assert_eq!(Tree::parse("<E><S><X/></S><broken", Some("S")).unwrap().find("X"), Some(2));
        assert!(Tree::parse("<E><S></E>", None).is_err());
        assert!(Tree::parse("<E>", None).is_err());
        assert!(Tree::parse(&"<E>".repeat(1_000), None).unwrap_err().contains("levels"));
        assert!(
            Tree::parse(&format!("<E>{}</E>", "<x/>".repeat(1_000_000)), None)
                .unwrap_err()
                .contains("elements")
        );
    }
}
