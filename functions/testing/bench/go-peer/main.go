// The peer of `npm run bench -- peers`: ingest as a Go service would do it, with net/http and franz-go. It checks an
// activity, gives it an id, and answers 202 once all in-sync replicas have it.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type activity struct {
	ID         string          `json:"id"`
	UserID     string          `json:"userId"`
	Action     string          `json:"action"`
	Timestamp  string          `json:"timestamp"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	RecordedAt string          `json:"recordedAt"`
}

type result struct {
	Index  int    `json:"index"`
	Status string `json:"status"`
	ID     string `json:"id"`
}

const (
	maxOne  = 256 << 10
	maxMany = 4 << 20
)

var (
	client *kgo.Client
	topic  = os.Getenv("KAFKA_TOPIC")
	// The SHA-256 of the only key, or nil if none is asked for.
	key []byte
)

func main() {
	// Without a linger of 0, franz-go waits 10 ms for more records.
	var err error
	client, err = kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BROKERS"), ",")...),
		kgo.ProducerLinger(0),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if err != nil {
		log.Fatal(err)
	}
	if text := os.Getenv("KEY"); text != "" {
		sum := sha256.Sum256([]byte(text))
		key = sum[:]
	}
	http.HandleFunc("POST /logs", post)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://localhost:%d\n", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, nil))
}

func post(w http.ResponseWriter, r *http.Request) {
	if key != nil {
		sum := sha256.Sum256([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		if subtle.ConstantTimeCompare(sum[:], key) != 1 {
			problem(w, http.StatusUnauthorized, "The key is missing or wrong.")
			return
		}
	}
	if r.Header.Get("Content-Type") == "application/x-ndjson" {
		many(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOne))
	if err != nil {
		problem(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	item, err := check(body)
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := client.ProduceSync(r.Context(), record(item)).FirstErr(); err != nil {
		problem(w, http.StatusServiceUnavailable, "Kafka did not acknowledge.")
		return
	}
	answer(w, map[string]string{"id": item.ID, "timestamp": item.Timestamp})
}

func many(w http.ResponseWriter, r *http.Request) {
	lines := bufio.NewScanner(http.MaxBytesReader(w, r.Body, maxMany))
	lines.Buffer(make([]byte, 0, 64<<10), maxOne)
	var results []result
	var records []*kgo.Record
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		item, err := check(line)
		if err != nil {
			problem(w, http.StatusBadRequest, err.Error())
			return
		}
		results = append(results, result{len(results), "accepted", item.ID})
		records = append(records, record(item))
	}
	if lines.Err() != nil {
		problem(w, http.StatusRequestEntityTooLarge, lines.Err().Error())
		return
	}
	if err := produce(r.Context(), records); err != nil {
		problem(w, http.StatusServiceUnavailable, "Kafka did not acknowledge.")
		return
	}
	answer(w, map[string][]result{"results": results})
}

// produce returns when every record is acknowledged, with the first error.
func produce(ctx context.Context, records []*kgo.Record) error {
	var waiting sync.WaitGroup
	var once sync.Once
	var first error
	waiting.Add(len(records))
	for _, one := range records {
		client.Produce(ctx, one, func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { first = err })
			}
			waiting.Done()
		})
	}
	waiting.Wait()
	return first
}

func check(body []byte) (activity, error) {
	var item activity
	if err := json.Unmarshal(body, &item); err != nil {
		return item, err
	}
	if n := len(item.UserID); n == 0 || n > 256 {
		return item, errors.New("userId must have 1 to 256 characters")
	}
	if n := len(item.Action); n == 0 || n > 256 {
		return item, errors.New("action must have 1 to 256 characters")
	}
	at, err := time.Parse(time.RFC3339Nano, item.Timestamp)
	if err != nil || at.Before(time.Unix(0, 0)) || at.After(time.Now().Add(24*time.Hour)) {
		return item, errors.New("timestamp must be RFC 3339, from 1970 to 24 hours from now")
	}
	if item.ID == "" {
		var random [16]byte
		rand.Read(random[:])
		item.ID = hex.EncodeToString(random[:])
	}
	item.RecordedAt = time.Now().UTC().Format(time.RFC3339Nano)
	return item, nil
}

func record(item activity) *kgo.Record {
	value, _ := json.Marshal(item)
	return &kgo.Record{Value: value, Headers: []kgo.RecordHeader{
		{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "ce_id", Value: []byte(item.ID)},
		{Key: "ce_source", Value: []byte("/activity-log/default")},
		{Key: "ce_type", Value: []byte("dev.activity-log.activity.recorded.v1")},
		{Key: "ce_subject", Value: []byte(item.UserID)},
		{Key: "ce_time", Value: []byte(item.Timestamp)},
		{Key: "ce_recordedtime", Value: []byte(item.RecordedAt)},
		{Key: "content-type", Value: []byte("application/json")},
	}}
}

func answer(w http.ResponseWriter, body any) {
	text, _ := json.Marshal(body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	w.Write(text)
}

func problem(w http.ResponseWriter, status int, detail string) {
	text, _ := json.Marshal(map[string]any{"status": status, "title": http.StatusText(status), "detail": detail})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(text)
}
