//! Leave-one-out (Ahmadian et al., arXiv 2402.14740): the baseline of a row is the mean of its
//! group's other rows, A = n/(n−1) · (R − mean). A group of one row has advantage 0.

use super::per_set;
use crate::Row;

pub(super) fn advantages(rows: &[Row]) -> Vec<f32> {
    per_set(
        rows,
        |row| (row.task_role.clone(), row.group),
        |_| 1.0,
        |set| {
            let (mean, n) = (set.mean(), set.len() as f64);
            let scale = if n > 1.0 { n / (n - 1.0) } else { 0.0 };
            Box::new(move |reward| scale * (reward - mean))
        },
    )
}
