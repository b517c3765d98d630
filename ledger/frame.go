package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"time"
)

// Exports and archives are files of frames. A file is
//
//	magic    8 bytes, which kind of file it is
//	version  1 byte, FileVersion
//	frames   each: kind (1 byte), length of the payload (4 bytes, big-endian), payload,
//	         CRC-32C of all that (4 bytes, big-endian)
//
// The last frame is of the kind frameEnd. Its payload ends with the SHA-256 of all bytes of
// the file before the frame. Payloads are fields in the encoding of blocks (see encode.go).
// No frame is longer than its kind allows: a block's body has at most MaxBlockLen bytes, and
// what belongs to an event or a record little more than MaxContentLen; a longer one is
// damaged, and is not read.
//
// So a file tells by itself where it ends, whether it was cut off, and whether it was
// damaged; whether it was forged is told by the hash chain and a checkpoint.

// FileVersion is the version of the format of exports and archives. It is frozen, see
// docs/compatibility.md.
const FileVersion = 1

const (
	exportMagic  = "okpayjnl"
	archiveMagic = "okpayarc"
)

type frameKind byte

const (
	frameHeader frameKind = iota + 1
	frameBlock
	frameEvent  // payload and salt of an event of the block before
	frameRecord // content of a chained record that the block before wrote
	framePlain  // a record that no block tells of
	frameEnd
)

// most is how long a payload of the kind may be.
func (k frameKind) most() int64 {
	switch k {
	case frameHeader, frameEnd:
		return 1 << 10
	case frameEvent, frameRecord, framePlain:
		// A content, or a payload, with salt, name, unique keys and labels.
		return MaxContentLen + 2*MaxIndexed*(MaxIDLen+2) + MaxIDLen + 1<<10
	default:
		return MaxBlockLen + 1<<10
	}
}

const (
	framePrefix = 5 // kind and length
	frameSuffix = 4 // checksum
)

// ErrDamaged reports a file that is cut off, altered, or none of ours; see DamagedError.
var ErrDamaged = errors.New("ledger: file is damaged")

// DamagedError reports where a file can not be read any further. It matches ErrDamaged.
type DamagedError struct {
	Offset int64 // bytes of the file before the place
	Reason string
}

// Error names the place and the reason.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("ledger: file is damaged at byte %d: %s", e.Offset, e.Reason)
}

// Is matches ErrDamaged.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// frameWriter writes a file of frames.
type frameWriter struct {
	w   *bufio.Writer
	sum hash.Hash
}

func newFrameWriter(w io.Writer, magic string) (*frameWriter, error) {
	f := &frameWriter{w: bufio.NewWriterSize(w, 64<<10), sum: sha256.New()}
	return f, f.write(append([]byte(magic), FileVersion))
}

func (f *frameWriter) write(b []byte) error {
	f.sum.Write(b)
	_, err := f.w.Write(b)
	return err
}

// frame writes one frame.
func (f *frameWriter) frame(kind frameKind, payload []byte) error {
	if int64(len(payload)) > kind.most() {
		return fmt.Errorf("%w: a frame of %d bytes, at most %d can be read again", ErrTooLarge, len(payload), kind.most())
	}
	prefix := binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(len(payload)))
	crc := crc32.Update(crc32.Checksum(prefix, castagnoli()), castagnoli(), payload)
	for _, part := range [][]byte{prefix, payload, binary.BigEndian.AppendUint32(nil, crc)} {
		if err := f.write(part); err != nil {
			return err
		}
	}
	return nil
}

// end writes the last frame, and returns the checksum of all before it.
func (f *frameWriter) end(payload []byte) (sum [32]byte, err error) {
	sum = [32]byte(f.sum.Sum(nil))
	if err := f.frame(frameEnd, append(payload, sum[:]...)); err != nil {
		return sum, err
	}
	return sum, f.w.Flush()
}

// frameReader reads a file of frames.
type frameReader struct {
	r      io.Reader
	sum    hash.Hash
	offset int64    // of the next frame
	start  int64    // of the last one
	before [32]byte // checksum of all before the last frame, once that was read
}

// newFrameReader reads the beginning of a file.
func newFrameReader(r io.Reader, magic string) (*frameReader, error) {
	f := &frameReader{r: r, sum: sha256.New()}
	b := make([]byte, len(magic)+1)
	if err := f.fill(b); err != nil {
		return nil, err
	}
	if string(b[:len(magic)]) != magic {
		return nil, f.damaged("it is no file of this kind")
	}
	if err := checkVersion("file", b[len(magic)], FileVersion); err != nil {
		return nil, err
	}
	f.start, f.offset = f.offset, int64(len(b))
	return f, nil
}

// resumeFrames reads frames from a place in the middle of a file, but not its last one.
func resumeFrames(r io.Reader, offset int64) *frameReader {
	return &frameReader{r: r, sum: sha256.New(), offset: offset}
}

func (f *frameReader) damaged(format string, args ...any) error {
	return &DamagedError{Offset: f.start, Reason: fmt.Sprintf(format, args...)}
}

// fill reads exactly so many bytes.
func (f *frameReader) fill(b []byte) error {
	_, err := io.ReadFull(f.r, b)
	return f.read(b, err)
}

func (f *frameReader) read(b []byte, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return f.damaged("it is cut off")
	}
	f.sum.Write(b)
	return err
}

// next reads a frame. Its payload is the caller's.
func (f *frameReader) next() (frameKind, []byte, error) {
	f.start = f.offset
	var prefix [framePrefix]byte
	_, err := io.ReadFull(f.r, prefix[:])
	if frameKind(prefix[0]) == frameEnd {
		f.before = [32]byte(f.sum.Sum(nil))
	}
	if err := f.read(prefix[:], err); err != nil {
		return 0, nil, err
	}
	size, most := int64(binary.BigEndian.Uint32(prefix[1:])), frameKind(prefix[0]).most()
	if size > most {
		return 0, nil, f.damaged("a frame of %d bytes, at most %d are allowed", size, most)
	}
	payload, err := f.bytes(size)
	if err != nil {
		return 0, nil, err
	}
	var crc [frameSuffix]byte
	if err := f.fill(crc[:]); err != nil {
		return 0, nil, err
	}
	if crc32.Update(crc32.Checksum(prefix[:], castagnoli()), castagnoli(), payload) != binary.BigEndian.Uint32(crc[:]) {
		return 0, nil, f.damaged("its checksum differs")
	}
	f.offset += framePrefix + int64(len(payload)) + frameSuffix
	kind := frameKind(prefix[0])
	if kind == frameEnd {
		if len(payload) < sha256.Size || [32]byte(payload[len(payload)-sha256.Size:]) != f.before {
			return 0, nil, f.damaged("the checksum of all of it differs")
		}
		payload = payload[:len(payload)-sha256.Size]
	}
	return kind, payload, nil
}

// bytes reads a payload. A length that lies costs no more room than there are bytes.
func (f *frameReader) bytes(n int64) ([]byte, error) {
	const sure = 64 << 10
	if n <= sure {
		b := make([]byte, n)
		return b, f.fill(b)
	}
	var buf bytes.Buffer
	buf.Grow(sure)
	got, err := io.CopyN(&buf, f.r, n)
	if err == nil && got < n {
		err = io.ErrUnexpectedEOF
	}
	return buf.Bytes(), f.read(buf.Bytes(), err)
}

// fileHeader is the first frame of an export or archive.
type fileHeader struct {
	name  string
	key   [16]byte   // of exports only: who has it can test guesses about requests
	after Checkpoint // the block before the first one; the genesis hash if there is none
	seq   int64      // the last block when the file was begun; an export goes on beyond it
}

func (h *fileHeader) append(b []byte) []byte {
	b = appendText(b, h.name)
	b = append(b, h.key[:]...)
	b = appendCheckpoint(b, h.after)
	return appendUint(b, uint64(h.seq))
}

func appendCheckpoint(b []byte, c Checkpoint) []byte {
	return append(appendUint(b, uint64(c.Seq)), c.Hash[:]...)
}

func (d *decoder) checkpoint() Checkpoint {
	return Checkpoint{Seq: d.number(), Hash: [32]byte(d.fixed(32))}
}

// header reads the first frame.
func (f *frameReader) header() (h fileHeader, err error) {
	kind, payload, err := f.next()
	if err != nil {
		return h, err
	}
	if kind != frameHeader {
		return h, f.damaged("it has no header")
	}
	d := &decoder{rest: payload}
	h.name = d.text()
	h.key = [16]byte(d.fixed(16))
	h.after, h.seq = d.checkpoint(), d.number()
	if err := d.end(); err != nil {
		return h, f.damaged("header: %v", err)
	}
	if err := checkAccountName(h.name); err != nil {
		return h, f.damaged("header: the name of the ledger: %v", err)
	}
	return h, nil
}

func appendBlock(b []byte, block *Block) []byte {
	b = appendUint(b, uint64(block.Seq))
	b = appendInt(b, block.Time.UnixMicro())
	b = append(b, block.Previous[:]...)
	b = append(b, block.Hash[:]...)
	return append(b, block.Body...)
}

func decodeBlock(payload []byte) (Block, error) {
	d := &decoder{rest: payload}
	b := Block{Seq: d.number(), Time: time.UnixMicro(d.int()).UTC()}
	b.Previous, b.Hash = [32]byte(d.fixed(32)), [32]byte(d.fixed(32))
	b.Body, d.rest = d.rest, nil
	if len(b.Body) == 0 || b.Time.IsZero() || checkTime("time", b.Time) != nil {
		d.fail("a block without body or time")
	}
	return b, d.end()
}

// fileEnd is what the last frame says.
type fileEnd struct {
	last          Checkpoint
	blocks, plain int64
}

func (e *fileEnd) append(b []byte) []byte {
	b = appendCheckpoint(b, e.last)
	b = appendUint(b, uint64(e.blocks))
	return appendUint(b, uint64(e.plain))
}

func decodeEnd(payload []byte) (e fileEnd, err error) {
	d := &decoder{rest: payload}
	e.last = d.checkpoint()
	e.blocks, e.plain = d.number(), d.number()
	return e, d.end()
}

// chainLink is how far a chain of blocks was followed.
type chainLink struct {
	name string
	last Checkpoint
}

// follow checks that a block is the next one.
func (c *chainLink) follow(b *Block) error {
	switch {
	case b.Seq != c.last.Seq+1:
		return fmt.Errorf("block %d comes after block %d", b.Seq, c.last.Seq)
	case b.Previous != c.last.Hash:
		return fmt.Errorf("block %d does not follow the hash of the block before", b.Seq)
	case len(b.Body) == 0:
		return fmt.Errorf("block %d has no body", b.Seq)
	case hashBlock(c.name, b) != b.Hash:
		return fmt.Errorf("block %d: its hash does not match its content", b.Seq)
	}
	c.last = Checkpoint{Seq: b.Seq, Hash: b.Hash}
	return nil
}
