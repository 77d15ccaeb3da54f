//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

use crate::output::harmless;

/// Columns of a table: heading and the cells of each row.
pub(crate) struct Rows {
    /// Headings.
    pub(crate) headings: Vec<&'static str>,
    /// Cells, as many per row as there are headings.
    pub(crate) cells: Vec<Vec<String>>,
}

impl Rows {
    /// The table as text. It is fitted to the terminal only when there is one,
    /// so that a pipe sees every row on one line.
    pub(crate) fn text(&self, fit: bool) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(if fit {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        });
        table.set_header(self.headings.iter().map(|heading| heading.to_uppercase()));
        for row in &self.cells {
            table.add_row(
                row.iter()
                    .map(|cell| harmless(cell).replace(['\n', '\t'], " ")),
            );
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt()
    }

    /// The same as CSV.
    pub(crate) fn csv(&self) -> String {
        let mut text = crate::csv::line(self.headings.iter().copied());
        for row in &self.cells {
            text.push_str(&crate::csv::line(row.iter().map(String::as_str)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_rows_stay_on_one_line() {
        let rows = Rows {
            headings: vec!["name", "status"],
            cells: vec![
                vec!["pg\nmain".into(), "online".into()],
                vec!["x".into(), "offline".into()],
            ],
        };
        assert_eq!(
            rows.text(false),
            "NAME     STATUS\npg main  online\nx        offline"
        );
        assert_eq!(rows.csv(), "name,status\n\"pg\nmain\",online\nx,offline\n");
    }
}
