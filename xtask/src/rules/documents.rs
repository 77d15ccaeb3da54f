//! Every relative link of every document leads somewhere.

use std::path::Path;

use crate::fault::Fault;
use crate::rules::Violation;
use crate::tree::Tree;

const RULE: &str = "document";

/// Checks the links of every `*.md` file.
///
/// # Errors
/// A document that cannot be read.
pub fn check(tree: &Tree) -> Result<Vec<Violation>, Fault> {
    let mut violations = Vec::new();
    for path in tree.ending(".md") {
        let text = tree.text(path)?;
        for (index, line) in prose(&text) {
            for link in links(&line) {
                if let Some(message) = broken(tree, path, link)? {
                    violations.push(Violation::of(path, RULE, message).on(index));
                }
            }
        }
    }
    Ok(violations)
}

/// The lines outside code, numbered from 0, with code spans blanked.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let spans = line.split('`').enumerate();
            let outside = spans.map(|(at, span)| if at % 2 == 0 { span } else { "" });
            lines.push((index, outside.collect()));
        }
    }
    lines
}

/// Targets of inline links, reference definitions and HTML attributes.
fn links(line: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
        for (at, _) in line.match_indices(opening) {
            let rest = &line[at + opening.len()..];
            found.extend(rest.split(closing).next());
        }
    }
    if let Some((_, target)) = line.split_once("]: ").filter(|_| line.starts_with('[')) {
        found.push(target);
    }
    let bare = |link: &'_ str| -> usize {
        // A title may follow the target.
        link.find(' ').unwrap_or(link.len())
    };
    found
        .into_iter()
        .map(str::trim)
        .map(|link| &link[..bare(link)])
        .collect()
}

/// Why `link` in the document at `from` leads nowhere.
fn broken(tree: &Tree, from: &str, link: &str) -> Result<Option<String>, Fault> {
    let link = link.trim_start_matches('<').trim_end_matches('>');
    if link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:") {
        return Ok(None);
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        from.to_owned()
    } else {
        match resolve(from, file) {
            Some(target) => target,
            None => return Ok(Some(format!("link `{link}` leaves the repository"))),
        }
    };
    if !tree.has(&target) && !is_folder(tree, &target) {
        return Ok(Some(format!("link `{link}` leads nowhere")));
    }
    if anchor.is_empty() || !target.ends_with(".md") {
        return Ok(None);
    }
    let text = tree.text(&target)?;
    let known = prose(&text)
        .iter()
        .any(|(index, _)| heading(text.lines().nth(*index)).as_deref() == Some(anchor));
    Ok((!known).then(|| format!("link `{link}`: no such heading")))
}

fn is_folder(tree: &Tree, path: &str) -> bool {
    let prefix = format!("{}/", path.trim_end_matches('/'));
    path.is_empty() || tree.files().any(|file| file.starts_with(&prefix))
}

/// The path from the root that `link` means in a document at `from`.
fn resolve(from: &str, link: &str) -> Option<String> {
    let folder = Path::new(from).parent().and_then(Path::to_str);
    let mut names: Vec<&str> = match folder {
        _ if link.starts_with('/') => Vec::new(),
        Some(folder) => folder.split('/').filter(|name| !name.is_empty()).collect(),
        None => Vec::new(),
    };
    for name in link.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The anchor that a heading gets: lower case, hyphens for spaces, no punctuation.
fn heading(line: Option<&str>) -> Option<String> {
    let line = line?;
    let title = line.trim_start_matches('#');
    (title.len() < line.len() && title.starts_with(' ')).then(|| {
        title
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::told;
    use crate::tree::sample::Sample;

    fn messages(document: &str) -> Vec<String> {
        let sample = Sample::of(&[
            ("docs/a.md", document),
            ("docs/b.md", "# The `b` file\n\n## Second, part\n"),
            ("docs/pictures/c.svg", "<svg/>"),
            ("README.md", ""),
        ]);
        told(check(&sample.tree()))
    }

    #[test]
    fn good_links_pass() {
        let found = messages(
            "[b](b.md) [p](b.md#second-part) [h](b.md#the-b-file) ![c](pictures/c.svg \"c\")\n\
             [root](../README.md) [folder](pictures/) [web](https://example.com/x)\n\
             [here](#there) <img src=\"pictures/c.svg\">\n\n# There\n\n[ref]: ../README.md\n",
        );
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn dead_links_are_named_with_their_line() {
        assert_eq!(
            messages("x\n[b](c.md)\n"),
            ["docs/a.md:2: [document] link `c.md` leads nowhere"]
        );
        assert!(messages("[b](b.md#third)")[0].ends_with("no such heading"));
        assert!(messages("[b](../../x.md)")[0].ends_with("leaves the repository"));
        assert!(messages("<img src=\"pictures/d.svg\">")[0].ends_with("leads nowhere"));
        assert!(messages("[ref]: gone.md")[0].ends_with("leads nowhere"));
    }

    #[test]
    fn code_is_not_read_for_links() {
        assert!(messages("`[b](c.md)`\n```text\n[b](c.md)\n```\n").is_empty());
    }
}
