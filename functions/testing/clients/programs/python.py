import json
import os
import sys

import openapi_client as log

client = log.ApiClient(log.Configuration(host=os.environ["LOG_URL"]))
send, look = log.SendApi(client), log.LookApi(client)
user = sys.argv[1]

one = send.post_activity(log.SentActivity(user_id=user, action="one", metadata={"n": 1}))
many = send.post_activities(
    [
        log.SentActivity(id=f"{user}-2", user_id=user, action="two"),
        log.SentActivity(user_id=user, action="three", timestamp="2999-01-01T00:00:00Z"),
    ]
)
listed = look.list_activities(user_id=[user], order="asc", receipt=many.results[0].receipt, wait=30)
print(
    json.dumps(
        {
            "one": one.id,
            "statuses": [result.status for result in many.results],
            "errors": [error.pointer for error in many.results[1].errors],
            "listed": [activity.action for activity in listed.data],
            "got": look.get_activity(f"{user}-2").action,
            "exported": [
                look.export_activities(format=name, order="asc", user_id=[user]).decode() for name in ("csv", "ndjson")
            ],
        }
    )
)
