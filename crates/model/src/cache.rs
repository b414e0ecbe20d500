//! Keys and values of past tokens, in pages that sequences may share.

use quaero_ops::attention::{Heads, KvPages, PageTable, Slot};
use quaero_ops::{Device, Place};

use crate::config::Config;
use crate::error::Error;

/// A paged store of keys and values for all layers. Where a sequence's tokens lie says its
/// [`PageTable`](quaero_ops::attention::PageTable).
///
/// The cache does not know which pages are in use: whoever hands out page numbers counts
/// references.
#[derive(Debug)]
pub struct KvCache {
    layers: Vec<KvPages>,
    device: Device,
    n_pages: usize,
    page_len: usize,
}

impl KvCache {
    /// `n_pages` pages of `page_len` tokens on `device` for a model of `config`.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// If `page_len` is not one that [`KvCache::page_len_near`] gives.
    pub fn new(
        device: &Device,
        config: &Config,
        n_pages: usize,
        page_len: usize,
    ) -> Result<Self, Error> {
        let layer = |_| KvPages::new(device, n_pages, page_len, heads(config));
        let layers = (0..config.n_layers).map(layer).collect::<Result<_, _>>()?;
        Ok(Self { layers, device: device.clone(), n_pages, page_len })
    }

    /// The tokens that a page at `place` holds if about `wanted` are wished for.
    #[must_use]
    pub fn page_len_near(place: Place, wanted: usize) -> usize {
        KvPages::page_len(place, wanted)
    }

    /// How many of the first `len` tokens of a sequence others may share without a copy.
    #[must_use]
    pub fn shared_len(device: &Device, len: usize) -> usize {
        KvPages::shared_len(device, len)
    }

    /// Bytes that one page of `page_len` tokens takes for a model of `config`, all layers together.
    #[must_use]
    pub fn page_bytes(place: Place, config: &Config, page_len: usize) -> usize {
        config.n_layers * KvPages::page_bytes(place, page_len, heads(config))
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Tokens in a page.
    #[must_use]
    pub fn page_len(&self) -> usize {
        self.page_len
    }

    /// The number of pages.
    #[must_use]
    pub fn n_pages(&self) -> usize {
        self.n_pages
    }

    /// Copies the tokens at `positions` from where `from` has them to where `to` has them.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// On the CPU, where sequences share what is partly filled.
    pub fn copy(
        &mut self,
        positions: std::ops::Range<usize>,
        from: PageTable<'_>,
        to: &[PageTable<'_>],
    ) -> Result<(), Error> {
        let slot = |table: &PageTable<'_>, position| {
            let (page, place) = table.place(position, self.page_len);
            Slot { page, place }
        };
        let copies: Vec<(Slot, Slot)> = to
            .iter()
            .flat_map(|to| positions.clone().map(move |at| (slot(&from, at), slot(to, at))))
            .collect();
        Ok(self.layers.iter_mut().try_for_each(|layer| layer.copy_slots(&copies))?)
    }

    pub(crate) fn layer_mut(&mut self, layer: usize) -> &mut KvPages {
        &mut self.layers[layer]
    }
}

/// The heads of a row; how a layer's attend says `Model::layer_heads`.
pub(crate) fn heads(config: &Config) -> Heads {
    let &Config { n_heads, n_kv_heads, head_dim, .. } = config;
    Heads::new(n_heads, n_kv_heads, head_dim)
}
