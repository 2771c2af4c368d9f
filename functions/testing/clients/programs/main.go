package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	log "github.com/GIT_USER_ID/GIT_REPO_ID"
)

type seen struct {
	One      string   `json:"one"`
	Statuses []string `json:"statuses"`
	Errors   []string `json:"errors"`
	Listed   []string `json:"listed"`
	Got      string   `json:"got"`
	Exported []string `json:"exported"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx, user := context.Background(), os.Args[1]
	configuration := log.NewConfiguration()
	configuration.Servers = log.ServerConfigurations{{URL: os.Getenv("LOG_URL")}}
	client := log.NewAPIClient(configuration)

	one := log.NewSentActivity(user, "one")
	one.SetMetadata(map[string]interface{}{"n": 1})
	accepted, _, err := client.SendAPI.PostActivity(ctx).SentActivity(*one).Execute()
	check(err)

	two, three := log.NewSentActivity(user, "two"), log.NewSentActivity(user, "three")
	two.SetId(user + "-2")
	three.SetTimestamp(time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC))
	many, _, err := client.SendAPI.PostActivities(ctx).SentActivity([]log.SentActivity{*two, *three}).Execute()
	check(err)

	listed, _, err := client.LookAPI.ListActivities(ctx).UserId([]string{user}).Order("asc").
		Receipt(many.Results[0].GetReceipt()).Wait(30).Execute()
	check(err)
	got, _, err := client.LookAPI.GetActivity(ctx, user+"-2").Execute()
	check(err)

	result := seen{One: accepted.Id, Got: got.Action}
	for _, each := range many.Results {
		result.Statuses = append(result.Statuses, each.Status)
	}
	for _, each := range many.Results[1].Errors {
		result.Errors = append(result.Errors, each.Pointer)
	}
	for _, each := range listed.Data {
		result.Listed = append(result.Listed, each.Action)
	}
	for _, format := range []string{"csv", "ndjson"} {
		file, _, err := client.LookAPI.ExportActivities(ctx).Format(format).Order("asc").UserId([]string{user}).Execute()
		check(err)
		text, err := os.ReadFile(file.Name())
		check(err)
		result.Exported = append(result.Exported, string(text))
	}
	check(json.NewEncoder(os.Stdout).Encode(result))
}
