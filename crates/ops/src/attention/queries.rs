//! What a pass says once for all layers: positions, queries, pieces.

use std::sync::Arc;

use quaero_cpu::attention::{Piece, Query};
use quaero_cpu::rope as cpu;
use quaero_kernels::{Indices, attention as kernel, rope as kernel_rope};

use crate::activation::device_mismatch;
use crate::{Device, Error};

/// Cosines and sines of the first positions.
#[derive(Clone, Debug)]
pub struct Angles {
    inv_freq: Vec<f32>,
    scale: f32,
    n_positions: usize,
    table: Table,
}

#[derive(Clone, Debug)]
enum Table {
    Host(Arc<cpu::Angles>),
    Device(Arc<kernel_rope::Angles>),
}

impl Angles {
    /// The angles of `n_positions` positions for the inverse frequencies `inv_freq` [D/2]; cosines
    /// and sines are multiplied by `scale`.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn new(
        device: &Device,
        n_positions: usize,
        (inv_freq, scale): (Vec<f32>, f32),
    ) -> Result<Self, Error> {
        let host = cpu::Angles::at(0..n_positions, &inv_freq, scale);
        let table = match &device.0 {
            None => Table::Host(Arc::new(host)),
            Some(device) => {
                let cpu::Angles { cos, sin, half } = &host;
                Table::Device(Arc::new(kernel_rope::Angles::new(device, cos, sin, *half)?))
            }
        };
        Ok(Self { inv_freq, scale, n_positions, table })
    }

    /// Positions that the table holds.
    #[must_use]
    pub fn n_positions(&self) -> usize {
        self.n_positions
    }
}

/// The positions of rows, as rotation wants them.
#[derive(Debug)]
pub enum Positions<'a> {
    /// On the CPU.
    Host(cpu::Angles),
    /// On a device.
    Device(&'a kernel_rope::Angles, Indices),
}

impl<'a> Positions<'a> {
    /// For rows at `positions`.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// If a device's table does not hold a position.
    pub fn new(angles: &'a Angles, positions: &[usize]) -> Result<Self, Error> {
        match &angles.table {
            Table::Host(table) => {
                let beyond = positions.iter().any(|&position| position >= angles.n_positions);
                let positions = positions.iter().copied();
                Ok(Self::Host(if beyond {
                    cpu::Angles::at(positions, &angles.inv_freq, angles.scale)
                } else {
                    table.select(positions)
                }))
            }
            Table::Device(table) => {
                let positions: Vec<i32> = positions.iter().map(|&p| p as i32).collect();
                let positions = table.device().indices(&positions, angles.n_positions)?;
                Ok(Self::Device(table, positions))
            }
        }
    }
}

impl Positions<'_> {
    /// Other positions of as many rows.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// On the CPU, where they are made anew; if they are not as many, or the table does not hold
    /// one.
    pub fn write(&mut self, positions: &[usize]) -> Result<(), Error> {
        let Self::Device(_, indices) = self else { device_mismatch("positions") };
        indices.write(&positions.iter().map(|&p| p as i32).collect::<Vec<_>>())
    }
}

/// Queries of a pass; their rows lie end to end.
#[derive(Debug)]
pub enum Queries<'a> {
    /// On the CPU.
    Host(Vec<Query<'a>>),
    /// On a device.
    Device {
        /// Their pages.
        queries: kernel::Queries,
        /// Whether each is one row: decoding has a kernel of its own.
        one_row_each: bool,
    },
}

impl<'a> Queries<'a> {
    /// Queries without rows are left out.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// If a query has too few pages, or (on a device) a prefix that does not fill its pages.
    pub fn new(device: &Device, queries: Vec<Query<'a>>) -> Result<Self, Error> {
        let Some(device) = &device.0 else { return Ok(Self::Host(queries)) };
        let lists = lists(&queries);
        let one_row_each = lists.iter().all(|(_, len, _)| *len == 1);
        Ok(Self::Device { queries: kernel::Queries::new(device, &of(&lists))?, one_row_each })
    }

    /// Room for `n` queries of one row each, for [`Self::write`]: their pages are below `bound`,
    /// `n_listed` in all.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// On the CPU.
    pub fn one_row_each(
        device: &Device,
        n: usize,
        n_listed: usize,
        bound: usize,
    ) -> Result<Self, Error> {
        let Some(device) = &device.0 else { device_mismatch("queries") };
        let queries = kernel::Queries::one_row_each(device, n, n_listed, bound)?;
        Ok(Self::Device { queries, one_row_each: true })
    }

    /// Other queries of one row each, as many.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// As [`Self::new`]; on the CPU; if they are not what there is room for.
    pub fn write(&mut self, queries: &[Query<'_>]) -> Result<(), Error> {
        let Self::Device { queries: kept, .. } = self else { device_mismatch("queries") };
        kept.write(&of(&lists(queries)))
    }
}

/// Queries with rows: where each starts, its rows, and all of its pages.
fn lists(queries: &[Query<'_>]) -> Vec<(usize, usize, Vec<u32>)> {
    let list = |query: &Query<'_>| {
        let table = query.pages;
        let n_shared = table.prefix_len / kernel_rope::PAGE_LEN;
        assert!(
            table.prefix_len.is_multiple_of(kernel_rope::PAGE_LEN),
            "attention: a prefix of {} tokens does not fill its pages",
            table.prefix_len
        );
        (query.start, query.len, [&table.prefix[..n_shared], table.own].concat())
    };
    queries.iter().filter(|query| query.len > 0).map(list).collect()
}

fn of(lists: &[(usize, usize, Vec<u32>)]) -> Vec<kernel::Query<'_>> {
    lists
        .iter()
        .map(|(start, len, pages)| kernel::Query { start: *start, len: *len, pages })
        .collect()
}

/// The runs of rows that a batch consists of, for the gradient.
#[derive(Debug)]
pub enum Pieces<'a> {
    /// On the CPU.
    Host(&'a [Piece]),
    /// On a device.
    Device(kernel::Pieces),
}

impl<'a> Pieces<'a> {
    /// For rows of `pieces`, end to end.
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn new(device: &Device, pieces: &'a [Piece]) -> Result<Self, Error> {
        let Some(device) = &device.0 else { return Ok(Self::Host(pieces)) };
        let pieces: Vec<kernel::Piece> = pieces
            .iter()
            .map(|&Piece { len, is_branch }| kernel::Piece { len, is_branch })
            .collect();
        Ok(Self::Device(kernel::Pieces::new(device, &pieces)?))
    }
}
