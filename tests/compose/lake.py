"""The bucket of a project, read as anybody would."""
import json
import os
import urllib.request

import boto3
from botocore.config import Config
from project import ACCESS_KEY, SECRET_KEY, run

BUCKET = "lake"


class Lake:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        config = Config(retries={"max_attempts": 5}, connect_timeout=5, read_timeout=30)
        self.s3 = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=ACCESS_KEY,
                               aws_secret_access_key=SECRET_KEY, config=config)

    def keys(self, prefix):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def read(self, key):
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def open_uploads(self):
        return self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])

    def receipts(self, output):
        """Receipts of the shards that convert: by shard number."""
        keys = [k for k in self.keys(f"{output}.tarquet/jobs/") if "/receipts/003/" in k]
        found = [json.loads(self.read(k)) for k in keys]
        by_shard = {r["shard"]["shard"]: r for r in found}
        assert len(by_shard) == len(found), f"a shard has two receipts: {keys}"
        return by_shard

    def fetch(self, output, into):
        """The dataset as a folder; its keys are part files without a gap, and nothing else."""
        keys = self.keys(f"{output}/")
        assert keys == [f"{output}/part-{n:05}.parquet" for n in range(len(keys))], keys
        os.makedirs(into)
        for key in keys:
            with open(os.path.join(into, os.path.basename(key)), "wb") as f:
                f.write(self.read(key))
        return len(keys)

    # The tests' server takes orders besides S3's.

    def plant(self, fault):
        self.order(f"fault?{fault}")

    def heal(self):
        self.order("heal")

    def requests(self, operation, prefix):
        """How many requests of an operation the server has had for the keys right below a prefix."""
        prefixes = json.loads(self.order("stats?2"))["prefixes"]
        return prefixes.get(f"{BUCKET}/{prefix}", {}).get(operation, {}).get("requests", 0)

    def order(self, command):
        with urllib.request.urlopen(f"{self.url}/__{command}", timeout=10) as answer:
            return answer.read().decode()


def same_files(found, wanted):
    """Two folders with the same files, byte for byte."""
    names = sorted(os.listdir(found))
    assert names == sorted(os.listdir(wanted)), (names, sorted(os.listdir(wanted)))
    for name in names:
        run("cmp", os.path.join(found, name), os.path.join(wanted, name))
    return len(names)
