//! Rotary position embedding (half-split pairs), and the cache of keys and values that it fills.

use half::bf16;
use quaero_shape::Heads;

use crate::call::Call;
use crate::{Buffer, Device, Error, Indices, ViewMut};

/// Tokens in a page: also the keys that attention takes at once.
pub const PAGE_LEN: usize = 64;

/// # Panics
/// If the heads are not ones that the kernels know.
fn check(heads: Heads) {
    let Heads { n_heads, n_kv_heads, head_dim, .. } = heads;
    assert!(
        n_kv_heads > 0 && n_heads.is_multiple_of(n_kv_heads) && n_heads > 0,
        "{n_kv_heads} key heads do not divide {n_heads} query heads"
    );
    assert!(
        [32, 64, 128].contains(&head_dim),
        "heads of {head_dim} channels: the kernels know 32, 64 and 128"
    );
}

/// Cosines and sines by position.
#[derive(Debug)]
pub struct Angles {
    cos: Buffer<f32>,
    sin: Buffer<f32>,
    half: usize,
    n_positions: usize,
}

impl Angles {
    /// Tables of `half` = D/2 angles a position.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If the tables differ in length, or hold no whole rows.
    pub fn new(device: &Device, cos: &[f32], sin: &[f32], half: usize) -> Result<Self, Error> {
        assert!(cos.len() == sin.len() && cos.len().is_multiple_of(half), "angles: tables");
        let n_positions = cos.len() / half;
        Ok(Self { cos: device.upload(cos)?, sin: device.upload(sin)?, half, n_positions })
    }

    /// Where they lie.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.cos.device()
    }

    fn check(&self, positions: &Indices, n_rows: usize, d: usize) {
        assert!(
            self.half * 2 == d && positions.bound() <= self.n_positions,
            "rope: angles for heads of {} and {} positions, asked for {d} and {}",
            2 * self.half,
            self.n_positions,
            positions.bound()
        );
        assert_eq!(positions.len(), n_rows, "rope: one position for each row");
    }
}

/// Keys and values of one layer in pages of [`PAGE_LEN`] tokens: `[pages, K, 64, D]` each.
#[derive(Debug)]
pub struct KvPages {
    pub(crate) keys: Buffer<bf16>,
    pub(crate) values: Buffer<bf16>,
    n_pages: usize,
    heads: Heads,
}

impl KvPages {
    /// Empty pages.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If the heads are not ones that the kernels know.
    pub fn new(device: &Device, n_pages: usize, heads: Heads) -> Result<Self, Error> {
        check(heads);
        let len = n_pages * Self::page_elements(heads);
        Ok(Self { keys: device.zeros(len)?, values: device.zeros(len)?, n_pages, heads })
    }

    /// bf16 elements of a page's keys, and of its values.
    #[must_use]
    pub fn page_elements(heads: Heads) -> usize {
        heads.n_kv_heads * PAGE_LEN * heads.head_dim
    }

    /// The number of pages.
    #[must_use]
    pub fn n_pages(&self) -> usize {
        self.n_pages
    }

    /// Whose keys and values they are.
    #[must_use]
    pub fn heads(&self) -> Heads {
        self.heads
    }

    /// All keys and all values, `[pages, K, 64, D]` each.
    #[must_use]
    pub fn contents(&self) -> (&Buffer<bf16>, &Buffer<bf16>) {
        (&self.keys, &self.values)
    }

    /// Copies the keys and values of slots `from` (64 · page + place) to slots `to`.
    ///
    /// # Errors
    /// If the launch fails.
    ///
    /// # Panics
    /// If a slot lies beyond the pages, is both read and written, or is written twice.
    pub fn copy_slots(&mut self, from: &[usize], to: &[usize]) -> Result<(), Error> {
        let device = self.keys.device().clone();
        self.copy(&SlotCopies::new(&device, from, to, self.n_pages)?)
    }

    /// [`Self::copy_slots`] of a list that lies on the device.
    ///
    /// # Errors
    /// If the launch fails.
    ///
    /// # Panics
    /// If the list was made for more pages than there are.
    pub fn copy(&mut self, SlotCopies { from, to }: &SlotCopies) -> Result<(), Error> {
        let n_slots = self.n_pages * PAGE_LEN;
        assert!(from.bound() <= n_slots, "copy_slots: a list for {} slots", from.bound());
        let device = self.keys.device().clone();
        let Heads { n_kv_heads, head_dim, .. } = self.heads;
        let call = Call::new(&device, "copy_slots").grid([from.len(), 1, 1]);
        let call = call.write(&mut self.keys.view_mut()).write(&mut self.values.view_mut());
        let call = call.read(from.view()).read(to.view()).int(n_kv_heads).int(head_dim);
        // SAFETY: the slots lie in the pages, and none is read and written.
        unsafe { call.launch() }
    }
}

/// Slots to copy, on the device: none is read and written, none written twice.
#[derive(Debug)]
pub struct SlotCopies {
    from: Indices,
    to: Indices,
}

impl SlotCopies {
    /// Slots `from` onto slots `to` of `n_pages` pages.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If a slot lies beyond the pages, is both read and written, or is written twice.
    pub fn new(
        device: &Device,
        from: &[usize],
        to: &[usize],
        n_pages: usize,
    ) -> Result<Self, Error> {
        assert_eq!(from.len(), to.len(), "copy_slots: as many sources as targets");
        let mut written = to.to_vec();
        written.sort_unstable();
        assert!(
            written.windows(2).all(|pair| pair[0] != pair[1])
                && from.iter().all(|slot| written.binary_search(slot).is_err()),
            "copy_slots: a slot is written that is also read, or written twice"
        );
        let upload = |slots: &[usize]| {
            let slots: Vec<i32> = slots.iter().map(|&slot| slot as i32).collect();
            device.indices(&slots, n_pages * PAGE_LEN)
        };
        Ok(Self { from: upload(from)?, to: upload(to)? })
    }
}

/// Where the keys and values of rows go: `64 · page + place`, each place at most once.
#[derive(Debug)]
pub struct Slots(Indices);

impl Slots {
    /// `None` for a row that is not kept.
    ///
    /// # Errors
    /// If there is not enough memory.
    ///
    /// # Panics
    /// If a slot lies beyond the pages, or two rows go to one.
    pub fn new(device: &Device, slots: &[Option<usize>], n_pages: usize) -> Result<Self, Error> {
        Ok(Self(device.indices(&distinct(slots), n_pages * PAGE_LEN)?))
    }

    /// Other places for as many rows.
    ///
    /// # Errors
    /// If the device failed.
    ///
    /// # Panics
    /// As [`Self::new`], or if there are not as many.
    pub fn write(&mut self, slots: &[Option<usize>]) -> Result<(), Error> {
        self.0.write(&distinct(slots))
    }
}

/// Slots as kernels read them, −1 for none.
///
/// # Panics
/// If two rows go to one.
fn distinct(slots: &[Option<usize>]) -> Vec<i32> {
    let mut taken: Vec<usize> = slots.iter().copied().flatten().collect();
    taken.sort_unstable();
    assert!(
        taken.windows(2).all(|pair| pair[0] != pair[1]),
        "two rows are written to one slot of a page: copy shared pages before writing"
    );
    slots.iter().map(|slot| slot.map_or(-1, |at| at as i32)).collect()
}

/// Rotates q and k of every row of `qkv` in place, and writes k and v into the pages.
///
/// # Shapes
/// qkv [R, (H + 2K)·D]; positions, slots [R].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn forward(
    mut qkv: ViewMut<'_, bf16>,
    angles: &Angles,
    positions: &Indices,
    slots: &Slots,
    pages: &mut KvPages,
) -> Result<(), Error> {
    let heads = pages.heads;
    let n_rows = rows(qkv.len(), heads);
    angles.check(positions, n_rows, heads.head_dim);
    assert!(
        slots.0.len() == n_rows && slots.0.bound() <= pages.n_pages * PAGE_LEN,
        "rope: {} slots below {} for {n_rows} rows and {} pages",
        slots.0.len(),
        slots.0.bound(),
        pages.n_pages
    );
    let call = Call::new(qkv.device(), "rope_kv_fwd").grid([n_rows, 1, 1]).threads(128);
    let call = call.write(&mut qkv);
    let call = call.write(&mut pages.keys.view_mut()).write(&mut pages.values.view_mut());
    let call = call.read(angles.cos.view()).read(angles.sin.view());
    let call = call.read(positions.view()).read(slots.0.view());
    let call = call.int(heads.n_heads).int(heads.n_kv_heads).int(heads.head_dim);
    // SAFETY: the assertions are the header's Shapes and Layout; slots are distinct and in range.
    unsafe { call.launch() }
}

/// Turns the gradients of q and k back, in place.
///
/// # Shapes
/// dqkv [R, (H + 2K)·D]; positions [R].
///
/// # Errors
/// If the launch fails.
///
/// # Panics
/// If the shapes do not fit.
pub fn backward(
    mut dqkv: ViewMut<'_, bf16>,
    heads: Heads,
    angles: &Angles,
    positions: &Indices,
) -> Result<(), Error> {
    let n_rows = rows(dqkv.len(), heads);
    angles.check(positions, n_rows, heads.head_dim);
    let call = Call::new(dqkv.device(), "rope_bwd").grid([n_rows, 1, 1]).threads(128);
    let call = call.write(&mut dqkv).read(angles.cos.view()).read(angles.sin.view());
    let call = call.read(positions.view()).int(heads.n_heads + heads.n_kv_heads);
    // SAFETY: the assertions are the header's Shapes and Layout.
    unsafe { call.int(heads.width()).int(heads.head_dim).launch() }
}

pub(crate) fn rows(len: usize, heads: Heads) -> usize {
    check(heads);
    assert!(len.is_multiple_of(heads.width()), "{len} elements are no rows of {}", heads.width());
    len / heads.width()
}
