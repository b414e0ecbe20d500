//! What a pass says once for all layers: positions, queries, pieces.

use std::sync::Arc;

use quaero_cpu::attention::{Piece, Query};
use quaero_cpu::rope as cpu;
use quaero_kernels::{Indices, attention as kernel, rope as kernel_rope};

use crate::{Device, Error};

/// Cosines and sines of the first positions.
#[derive(Clone, Debug)]
pub struct Angles {
    inv_freq: Vec<f32>,
    n_positions: usize,
    table: Table,
}

#[derive(Clone, Debug)]
enum Table {
    Host(Arc<cpu::Angles>),
    Device(Arc<kernel_rope::Angles>),
}

impl Angles {
    /// The angles of `n_positions` positions for the inverse frequencies `inv_freq` [D/2].
    ///
    /// # Errors
    /// If the device has not enough memory.
    pub fn new(device: &Device, n_positions: usize, inv_freq: Vec<f32>) -> Result<Self, Error> {
        let host = cpu::Angles::at(0..n_positions, &inv_freq);
        let table = match &device.0 {
            None => Table::Host(Arc::new(host)),
            Some(device) => {
                let cpu::Angles { cos, sin, half } = &host;
                Table::Device(Arc::new(kernel_rope::Angles::new(device, cos, sin, *half)?))
            }
        };
        Ok(Self { inv_freq, n_positions, table })
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
                    cpu::Angles::at(positions, &angles.inv_freq)
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
        let lists: Vec<(usize, usize, Vec<u32>)> = queries
            .iter()
            .filter(|query| query.len > 0)
            .map(|query| {
                let table = query.pages;
                let n_shared = table.prefix_len / kernel_rope::PAGE_LEN;
                assert!(
                    table.prefix_len.is_multiple_of(kernel_rope::PAGE_LEN),
                    "attention: a prefix of {} tokens does not fill its pages",
                    table.prefix_len
                );
                (query.start, query.len, [&table.prefix[..n_shared], table.own].concat())
            })
            .collect();
        let one_row_each = lists.iter().all(|(_, len, _)| *len == 1);
        let queries: Vec<kernel::Query<'_>> = lists
            .iter()
            .map(|(start, len, pages)| kernel::Query { start: *start, len: *len, pages })
            .collect();
        Ok(Self::Device { queries: kernel::Queries::new(device, &queries)?, one_row_each })
    }
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
