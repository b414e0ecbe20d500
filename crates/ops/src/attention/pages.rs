//! The store of keys and values, and where rows go in it.

use quaero_cpu::attention::{self as cpu, Heads, Write};
use quaero_kernels::rope as kernel;

use crate::activation::device_mismatch;
use crate::{Device, Error, Place};

/// Keys and values of one layer in pages: f32 on the CPU, bf16 on a device.
#[derive(Debug)]
pub enum KvPages {
    /// On the CPU.
    Host(cpu::KvPages),
    /// On a device.
    Device(kernel::KvPages),
}

impl KvPages {
    /// The tokens that a page at `place` holds if about `wanted` are wished for.
    #[must_use]
    pub fn page_len(place: Place, wanted: usize) -> usize {
        match place {
            Place::Cpu => wanted.max(1).next_multiple_of(cpu::KvPages::PAGE_LEN_MULTIPLE),
            Place::Device => kernel::PAGE_LEN,
        }
    }

    /// Bytes of a page of `page_len` tokens.
    #[must_use]
    pub fn page_bytes(place: Place, page_len: usize, heads: Heads) -> usize {
        match place {
            Place::Cpu => {
                cpu::KvPages::page_elements(page_len, heads.n_kv_heads, heads.head_dim) * 4
            }
            Place::Device => kernel::KvPages::page_elements(super::heads(heads)) * 4,
        }
    }

    /// How many of the first `len` tokens of a sequence others may share without a copy: all of
    /// them on the CPU, those in full pages on a device.
    #[must_use]
    pub fn shared_len(device: &Device, len: usize) -> usize {
        if device.is_cpu() { len } else { len - len % kernel::PAGE_LEN }
    }

    /// `n_pages` pages of `page_len` tokens.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// If `page_len` is not one that [`Self::page_len`] gives.
    pub fn new(
        device: &Device,
        n_pages: usize,
        page_len: usize,
        heads: Heads,
    ) -> Result<Self, Error> {
        let Some(device) = &device.0 else {
            let Heads { n_kv_heads, head_dim, .. } = heads;
            let pages = cpu::KvPages::new(n_pages, page_len, n_kv_heads, head_dim);
            return Ok(Self::Host(pages));
        };
        assert_eq!(page_len, kernel::PAGE_LEN, "pages of a device");
        Ok(Self::Device(kernel::KvPages::new(device, n_pages, super::heads(heads))?))
    }

    /// Copies keys and values from slot to slot.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// On the CPU, where nothing has to be copied; if a slot is read and written.
    pub fn copy_slots(&mut self, copies: &[(Slot, Slot)]) -> Result<(), Error> {
        let Self::Device(pages) = self else { device_mismatch("copy of slots") };
        let (from, to): (Vec<usize>, Vec<usize>) =
            copies.iter().map(|(from, to)| (from.number(), to.number())).unzip();
        if copies.is_empty() { Ok(()) } else { pages.copy_slots(&from, &to) }
    }
}

/// A place for the key and value of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The page.
    pub page: u32,
    /// The place in it.
    pub place: usize,
}

impl Slot {
    fn number(self) -> usize {
        self.page as usize * kernel::PAGE_LEN + self.place
    }
}

/// Where the keys and values of rows go.
#[derive(Debug)]
pub enum Slots {
    /// On the CPU.
    Host(Vec<Write>),
    /// On a device.
    Device(kernel::Slots),
}

impl Slots {
    /// One write for each row, in order of rows.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// If a page is not below `n_pages`, or two rows go to one slot.
    pub fn new(device: &Device, writes: Vec<Write>, n_pages: usize) -> Result<Self, Error> {
        let Some(device) = &device.0 else { return Ok(Self::Host(writes)) };
        let slots: Vec<Option<usize>> = writes.iter().map(|write| Some(number(write))).collect();
        Ok(Self::Device(kernel::Slots::new(device, &slots, n_pages)?))
    }

    /// Room for `n_rows` rows, for [`Self::write`]; none is kept until then.
    ///
    /// # Errors
    /// If the device has not enough memory.
    ///
    /// # Panics
    /// On the CPU.
    pub fn none(device: &Device, n_rows: usize, n_pages: usize) -> Result<Self, Error> {
        let Some(device) = &device.0 else { device_mismatch("slots") };
        Ok(Self::Device(kernel::Slots::new(device, &vec![None; n_rows], n_pages)?))
    }

    /// Other writes, of the first rows; the rest is not kept.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// As [`Self::new`]; on the CPU.
    pub fn write(&mut self, writes: &[Write], n_rows: usize) -> Result<(), Error> {
        let Self::Device(slots) = self else { device_mismatch("slots") };
        let mut numbers: Vec<Option<usize>> =
            writes.iter().map(|write| Some(number(write))).collect();
        numbers.resize(n_rows, None);
        slots.write(&numbers)
    }
}

fn number(write: &Write) -> usize {
    Slot { page: write.page, place: write.slot }.number()
}
