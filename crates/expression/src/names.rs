//! The names that an expression may use, and the types of their values.

use std::fmt;

/// What an expression or a part of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// An f64.
    Number,
    /// True or false.
    Truth,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Truth => "truth value",
        })
    }
}

/// Names with their types and what they mean; a value lies at the index of its name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    name: String,
    of: Type,
    meaning: String,
}

impl Names {
    /// No names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a number; returns the index of its value.
    ///
    /// # Panics
    /// If the name is there already or is not one.
    pub fn number(&mut self, name: &str, meaning: &str) -> usize {
        self.add(name, Type::Number, meaning)
    }

    /// Adds a truth value (1 for true, 0 for false); returns the index of its value.
    ///
    /// # Panics
    /// If the name is there already or is not one.
    pub fn truth(&mut self, name: &str, meaning: &str) -> usize {
        self.add(name, Type::Truth, meaning)
    }

    fn add(&mut self, name: &str, of: Type, meaning: &str) -> usize {
        assert!(is_name(name), "`{name}` cannot be a name");
        assert!(self.find(name).is_none(), "the name `{name}` is given twice");
        self.rows.push(Row { name: name.to_owned(), of, meaning: meaning.to_owned() });
        self.rows.len() - 1
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Index and type of `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(usize, Type)> {
        let idx = self.rows.iter().position(|row| row.name == name)?;
        Some((idx, self.rows[idx].of))
    }

    /// Each name with its type and meaning, in the order of the values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Type, &str)> {
        self.rows.iter().map(|row| (&*row.name, row.of, &*row.meaning))
    }
}

/// Whether `name` is read as one name: identifiers joined by dots, none a word of the language.
fn is_name(name: &str) -> bool {
    let identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    name.split('.').all(identifier) && !["true", "false", "in"].contains(&name)
}
