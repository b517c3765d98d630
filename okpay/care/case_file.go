package care

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Files keeps what customers and agents attach to cases. Contents are the customers' own: whoever
// shows them to somebody says their Type and forbids guessing another one.
type Files interface {
	// Put keeps a content under an id that was not used before.
	Put(ctx context.Context, id string, content []byte) error
	// Get returns what was put.
	Get(ctx context.Context, id string) ([]byte, error)
	// Delete forgets it; that it is not there is no error.
	Delete(ctx context.Context, id string) error
}

// FileLimits bound attachments. Zero values are the defaults.
type FileLimits struct {
	PerEntry  int // files of one entry, 5 unless told
	PerCase   int // files of one case, 20 unless told
	Bytes     int // of one file; 512 KiB unless told, which is also the most without Config.Files
	CaseBytes int // of all files of one case, 4 MiB unless told
}

const maxLedgerFile = 512 << 10

func (l *FileLimits) setDefaults(own bool) error {
	for _, set := range []struct {
		field *int
		value int
	}{{&l.PerEntry, 5}, {&l.PerCase, 20}, {&l.Bytes, maxLedgerFile}, {&l.CaseBytes, 4 << 20}} {
		if *set.field == 0 {
			*set.field = set.value
		}
		if *set.field < 0 {
			return okpay.InvalidField("file_limits", "are negative")
		}
	}
	if !own && l.Bytes > maxLedgerFile {
		return okpay.InvalidField("file_limits", "allow files of more than %d bytes, which want a Files", maxLedgerFile)
	}
	if l.PerEntry > 50 {
		return okpay.InvalidField("file_limits", "allow more than 50 files at once")
	}
	return nil
}

// Upload is a file that is attached. Its type is found out from its content: a name says nothing.
type Upload struct {
	Name    string
	Content []byte
}

// File is an attachment. Its content is text, a picture or a PDF.
type File struct {
	ID     string `json:"id"`
	Name   string `json:"name"` // without path, with the extension of its type
	Type   string `json:"type"` // its media type
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"` // of the content, in hexadecimal
}

// fileTypes are the media types that are taken, with their extensions.
func fileTypes() map[string][]string {
	return map[string][]string{
		"image/png":                 {".png"},
		"image/jpeg":                {".jpg", ".jpeg"},
		"image/webp":                {".webp"},
		"application/pdf":           {".pdf"},
		"text/plain; charset=utf-8": {".txt"},
	}
}

// upload is a file that was checked.
type upload struct {
	File
	content []byte
}

// checkFiles finds out what is attached. Errors: InvalidRequest.
func (c *Care) checkFiles(files []Upload) ([]upload, error) {
	if len(files) > c.cfg.FileLimits.PerEntry {
		return nil, okpay.InvalidField("files", "are %d, want at most %d", len(files), c.cfg.FileLimits.PerEntry)
	}
	out := make([]upload, 0, len(files))
	for _, f := range files {
		if len(f.Content) == 0 || len(f.Content) > c.cfg.FileLimits.Bytes {
			return nil, okpay.InvalidField("files", "have one of %d bytes, want 1 to %d", len(f.Content), c.cfg.FileLimits.Bytes)
		}
		media, ok := sniff(f.Content)
		if !ok {
			return nil, okpay.InvalidField("files", "have one that is no picture, PDF or text")
		}
		name, err := fileName(f.Name, fileTypes()[media])
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(f.Content)
		out = append(out, upload{File{"", name, media, len(f.Content), hex.EncodeToString(digest[:])}, f.Content})
	}
	return out, nil
}

// sniff finds out a content's media type, and whether it is taken. What a browser could take for
// a page or a program although it looks like text is not.
func sniff(content []byte) (media string, ok bool) {
	media = http.DetectContentType(content)
	if _, ok := fileTypes()[media]; !ok {
		return media, false
	}
	if !strings.HasPrefix(media, "text/") {
		return media, true
	}
	text := string(content)
	first := strings.TrimLeft(text, " \t\r\n\ufeff")
	plain := utf8.ValidString(text) && !strings.HasPrefix(first, "<") && !strings.HasPrefix(first, "#!") &&
		!strings.ContainsFunc(text, func(r rune) bool { return (r < 0x20 && r != '\n' && r != '\r' && r != '\t') || r == 0x7f })
	return media, plain
}

// fileName makes a name safe to show and to save under: no path, no hidden characters, not
// beginning with a dot, with an extension of its type. Errors: InvalidRequest.
func fileName(name string, extensions []string) (string, error) {
	if len(name) > 1000 || !utf8.ValidString(name) {
		return "", okpay.InvalidField("files", "have a name that is too long, or not UTF-8")
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if hidden(r) || strings.ContainsRune(`/:*?"<>|%;`, r) {
			return -1
		}
		return r
	}, name)
	ext := strings.ToLower(path.Ext(name))
	stem := strings.Trim(strings.TrimSuffix(name, path.Ext(name)), ". ")
	if !slices.Contains(extensions, ext) {
		stem, ext = strings.Trim(name, ". "), extensions[0]
	}
	for len(stem) > 100 {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	if stem = strings.Trim(stem, ". "); stem == "" {
		stem = "file"
	}
	return stem + ext, nil
}

// attach adds files to an entry. Without Config.Files their contents are in the Change; else they
// were kept before (see keep). Errors: InvalidState when the case has too many.
func (s *Cases) attach(d *okpay.Draft, k *caseDoc, e *entryDoc, files []upload) error {
	for i := range files {
		f := &files[i]
		k.Files, k.FileBytes = k.Files+1, k.FileBytes+f.Size
		if f.ID == "" {
			f.ID = s.c.w.NewID("fil_")
		}
		e.Files = append(e.Files, f.File)
		if s.c.cfg.Files == nil {
			d.Put(ledger.Put{Type: "case_file", ID: f.ID, Chaining: ledger.Plain, Content: f.content, Labels: []string{"c:" + string(e.Of)}})
		}
	}
	limits := s.c.cfg.FileLimits
	if len(files) > 0 && (k.Files > limits.PerCase || k.FileBytes > limits.CaseBytes) {
		return okpay.NewError(okpay.InvalidState, "the case has %d files with %d bytes, want at most %d and %d",
			k.Files, k.FileBytes, limits.PerCase, limits.CaseBytes)
	}
	return nil
}

// keep gives contents to Config.Files, if there is one, and returns what takes them back when
// the Change that names them did not happen.
func (s *Cases) keep(ctx context.Context, files []upload) (undo func(), err error) {
	store := s.c.cfg.Files
	undo = func() {
		for i := range files {
			if files[i].ID != "" {
				// What stays behind is named by nothing.
				_ = store.Delete(context.WithoutCancel(ctx), files[i].ID)
			}
		}
	}
	if store == nil {
		return func() {}, nil
	}
	for i := range files {
		files[i].ID = s.c.w.NewID("fil_")
		if err := store.Put(ctx, files[i].ID, files[i].content); err != nil {
			undo()
			e := okpay.NewError(okpay.ServiceBusy, "the files could not be kept")
			e.Err = err
			return nil, e
		}
	}
	return undo, nil
}

// content returns a file's content. Errors: NotFound, ServiceBusy, InternalError when it is not what
// was attached.
func (s *Cases) content(ctx context.Context, f File) ([]byte, error) {
	content, err := s.stored(ctx, f.ID)
	if err != nil {
		return nil, err
	}
	if digest := sha256.Sum256(content); hex.EncodeToString(digest[:]) != f.SHA256 {
		return nil, okpay.NewError(okpay.InternalError, "the file is not what was attached")
	}
	return content, nil
}

func (s *Cases) stored(ctx context.Context, id string) ([]byte, error) {
	if s.c.cfg.Files != nil {
		content, err := s.c.cfg.Files.Get(ctx, id)
		if err != nil {
			e := okpay.NewError(okpay.ServiceBusy, "the file could not be read")
			e.Err = err
			return nil, e
		}
		return content, nil
	}
	r, err := s.c.w.Ledger().Record(ctx, "case_file", id)
	if errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrErased) {
		return nil, okpay.NewError(okpay.NotFound, "the file was erased")
	}
	return r.Content, err
}
