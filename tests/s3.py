"""What a test asks of an S3-compatible server besides the gateway's own traffic.

s3.py ENDPOINT prepare BUCKET      makes a user and the bucket, demands signatures
                                   from then on, and prints the user's two keys
s3.py ENDPOINT list BUCKET         prints key and size of every object, as JSON
s3.py ENDPOINT get BUCKET KEY      prints an object

The keys are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

import json
import sys
import urllib.request

import boto3

ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


def client(endpoint, service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1")


def prepare(endpoint, bucket):
    users = client(endpoint, "iam")
    users.create_user(UserName="gateway")
    keys = users.create_access_key(UserName="gateway")["AccessKey"]
    policy = json.dumps(ALLOWED)
    users.put_user_policy(UserName="gateway", PolicyName="objects", PolicyDocument=policy)
    client(endpoint, "s3").create_bucket(Bucket=bucket)
    # moto checks no signature before it is told to; the number is how many more
    # requests may go unchecked.
    request = urllib.request.Request(
        endpoint + "/moto-api/reset-auth",
        data=b"0",
        headers={"Content-Type": "text/plain"},
        method="POST",
    )
    urllib.request.urlopen(request).close()
    print(keys["AccessKeyId"])
    print(keys["SecretAccessKey"])


def list_objects(endpoint, bucket):
    pages = client(endpoint, "s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    json.dump(found, sys.stdout)


def get(endpoint, bucket, key):
    answer = client(endpoint, "s3").get_object(Bucket=bucket, Key=key)
    sys.stdout.buffer.write(answer["Body"].read())


if __name__ == "__main__":
    address, command, *rest = sys.argv[1:]
    {"prepare": prepare, "list": list_objects, "get": get}[command](address, *rest)
