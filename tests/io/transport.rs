//! Transports that deliver a stream in given pieces, are pending before each piece, and end in a given way.

use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::collections::VecDeque;
use std::io;

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use futures_util::{Stream, stream};
use http_body::Frame;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// Pieces, each of which is ready only at the second poll.
pub(crate) struct Piecewise {
    /// Without empty pieces, which a reader takes for the end.
    pieces: VecDeque<Bytes>,
    end: End,
    is_there: bool,
}

/// What follows the last piece.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Clean,
    Reset,
    Silence,
}

impl Piecewise {
    pub(crate) fn new<'p>(pieces: impl IntoIterator<Item = &'p [u8]>, end: End) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).map(Bytes::copy_from_slice).collect();
        Self { pieces, end, is_there: false }
    }

    /// Returns the current piece, or `None` at the end.
    fn poll_piece(&mut self) -> Poll<io::Result<Option<&mut Bytes>>> {
        self.is_there = !self.is_there;
        if self.is_there {
            return Poll::Pending;
        }
        match (self.pieces.front_mut(), self.end) {
            (Some(piece), _) => Poll::Ready(Ok(Some(piece))),
            (None, End::Clean) => Poll::Ready(Ok(None)),
            (None, End::Silence) => Poll::Pending,
            (None, End::Reset) => {
                self.end = End::Clean;
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
    }

    fn poll_whole(&mut self) -> Poll<Option<io::Result<Bytes>>> {
        ready!(self.poll_piece())?;
        Poll::Ready(self.pieces.pop_front().map(Ok))
    }

    fn used(&mut self, length: usize) {
        if let Some(piece) = self.pieces.front_mut() {
            piece.advance(length);
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
    }
}

impl AsyncRead for Piecewise {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(piece) = ready!(self.poll_piece())? {
            let length = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece[..length]);
            self.used(length);
        }
        Poll::Ready(Ok(()))
    }
}

/// Is pending even for bytes that it has returned before, which a reader is allowed to be.
impl AsyncBufRead for Piecewise {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(ready!(self.get_mut().poll_piece())?.map_or(&[], |piece| piece)))
    }

    fn consume(mut self: Pin<&mut Self>, length: usize) {
        self.used(length);
    }
}

pub(crate) fn of_bytes(mut pieces: Piecewise) -> impl Stream<Item = io::Result<Bytes>> {
    stream::poll_fn(move |_| pieces.poll_whole())
}

pub(crate) fn of_vecs(mut pieces: Piecewise) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::poll_fn(move |_| pieces.poll_whole().map_ok(Vec::from))
}

/// The pieces, followed by a trailer.
pub(crate) struct Body<D> {
    pieces: Piecewise,
    has_trailers: bool,
    data: PhantomData<fn() -> D>,
}

/// The types of data in a body.
pub(crate) trait Data: Buf {
    fn of(piece: Bytes) -> Self;
}

impl Data for Bytes {
    fn of(piece: Bytes) -> Self {
        piece
    }
}

impl Data for Chain<Bytes, Bytes> {
    fn of(mut piece: Bytes) -> Self {
        let first = piece.split_to(piece.len() / 2);
        first.chain(piece)
    }
}

impl<D> Body<D> {
    pub(crate) fn new(pieces: Piecewise) -> Self {
        Self { pieces, has_trailers: true, data: PhantomData }
    }
}

impl<D: Data> http_body::Body for Body<D> {
    type Data = D;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<D>>>> {
        let piece = ready!(self.pieces.poll_whole()?);
        Poll::Ready(match piece {
            Some(piece) => Some(Ok(Frame::data(D::of(piece)))),
            None => core::mem::take(&mut self.has_trailers).then(|| Ok(Frame::trailers(http::HeaderMap::new()))),
        })
    }
}
