//! The syntax tree of a PostgreSQL text, flat and in order of the text.
//!
//! The parser tells its tree in steps. The tree of its own library keeps them so that
//! they can be edited and shared, which costs more than to parse; here they are read once.

use squawk_parser::{EntryPoint, LexedStr, StrStep, SyntaxKind};

/// Elements in order of the text, each before what it holds.
pub(super) struct Tree<'t> {
    text: &'t str,
    elements: Vec<Element>,
    /// Whether the parser found an error.
    has_errors: bool,
}

/// A node or a token.
struct Element {
    kind: SyntaxKind,
    is_node: bool,
    /// Where its text begins and ends.
    start: u32,
    end: u32,
    /// The element behind all that it holds.
    next: u32,
}

impl<'t> Tree<'t> {
    /// Parses a text. One of more than 4 GiB has errors.
    pub fn parse(text: &'t str) -> Self {
        let mut tree = Tree {
            text,
            elements: Vec::new(),
            has_errors: u32::try_from(text.len()).is_err(),
        };
        if tree.has_errors {
            return tree;
        }
        let lexed = LexedStr::new(text);
        let output = EntryPoint::SourceFile.parse(&lexed.to_input());
        tree.has_errors = lexed.errors().next().is_some();
        tree.elements.reserve(text.len() / 2);
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        lexed.intersperse_trivia(&output, &mut |step| match step {
            StrStep::Enter { kind } => {
                open.push(tree.elements.len());
                tree.push(kind, true, at, at);
            }
            StrStep::Token { kind, text } => {
                tree.push(kind, false, at, at + text.len());
                at += text.len();
            }
            StrStep::Exit => {
                let next = tree.elements.len() as u32;
                if let Some(element) = open.pop().and_then(|open| tree.elements.get_mut(open)) {
                    element.end = at as u32;
                    element.next = next;
                }
            }
            StrStep::Error { .. } => tree.has_errors = true,
        });
        tree
    }

    fn push(&mut self, kind: SyntaxKind, is_node: bool, start: usize, end: usize) {
        let next = self.elements.len() as u32 + 1;
        self.elements.push(Element {
            kind,
            is_node,
            start: start as u32,
            end: end as u32,
            next,
        });
    }

    /// Whether the parser found an error. If not, the rules of the grammar that it does
    /// not know may still be broken.
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// The node that holds all others; `None` after errors.
    pub fn root(&self) -> Option<SyntaxNode<'_>> {
        let element = self.elements.first()?;
        Some(SyntaxNode {
            tree: self,
            element,
            at: 0,
        })
    }
}

/// A node of a tree, or a token of it.
#[derive(Clone, Copy)]
pub(super) struct SyntaxNode<'t> {
    tree: &'t Tree<'t>,
    element: &'t Element,
    at: usize,
}

impl<'t> SyntaxNode<'t> {
    /// What it is.
    pub fn kind(&self) -> SyntaxKind {
        self.element.kind
    }

    /// Whether it is no token.
    pub fn is_node(&self) -> bool {
        self.element.is_node
    }

    /// Its text, with white space and comments inside it.
    pub fn text(&self) -> &'t str {
        let place = self.element.start as usize..self.element.end as usize;
        self.tree.text.get(place).unwrap_or_default()
    }

    /// The nodes and tokens that it holds.
    pub fn children_with_tokens(&self) -> impl Iterator<Item = SyntaxNode<'t>> + use<'t> {
        let tree = self.tree;
        let (mut at, end) = (self.at + 1, self.element.next as usize);
        std::iter::from_fn(move || {
            let element = tree.elements.get(at).filter(|_| at < end)?;
            let child = SyntaxNode { tree, element, at };
            at = element.next as usize;
            Some(child)
        })
    }

    /// The nodes that it holds.
    pub fn children(&self) -> impl Iterator<Item = SyntaxNode<'t>> + use<'t> {
        self.children_with_tokens().filter(|child| child.is_node())
    }

    /// It and all below it, in order of the text.
    pub fn descendants_with_tokens(&self) -> impl Iterator<Item = SyntaxNode<'t>> + use<'t> {
        let tree = self.tree;
        let (first, end) = (self.at, self.element.next as usize);
        let below = tree.elements.get(first..end).unwrap_or_default();
        let below = below.iter().enumerate();
        below.map(move |(offset, element)| SyntaxNode {
            tree,
            element,
            at: first + offset,
        })
    }

    /// It and the nodes below it, in order of the text.
    pub fn descendants(&self) -> impl Iterator<Item = SyntaxNode<'t>> + use<'t> {
        self.descendants_with_tokens().filter(|it| it.is_node())
    }

    /// The token that it begins with.
    pub fn first_token(&self) -> Option<SyntaxNode<'t>> {
        let mut at = *self;
        while at.is_node() {
            at = at.children_with_tokens().next()?;
        }
        Some(at)
    }

    /// The token that it ends with.
    pub fn last_token(&self) -> Option<SyntaxNode<'t>> {
        let at = (self.element.next as usize).checked_sub(1)?;
        let element = self.tree.elements.get(at)?;
        let tree = self.tree;
        (!element.is_node).then_some(SyntaxNode { tree, element, at })
    }
}
