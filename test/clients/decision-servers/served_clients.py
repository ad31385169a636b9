"""`python served_clients.py URL`: Python's clients of decision services, unchanged, at a student that `retort serve` serves, and
jevcompat's checks of a valid reply on 1,000 of its answers. The question and the texts come as JSON on standard input."""
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from jevcompat.client import Client
from jevcompat.validate import validate_success
from langchain_openai import OpenAIDecisions
from langchain_openai.decisions import Choice
from typesafe_sdk import Choice as Asked
from typesafe_sdk import TypeSafeClient

ROWS = 1000
url = sys.argv[1]
given = json.load(sys.stdin)
instructions, criteria, texts = given["instructions"], given["criteria"], given["texts"]
wanted = given["labels"]

# Bodies of 1,024 bytes and more go out in zstd, unasked.
client = TypeSafeClient(api_key="x", base_url=url)
for text in (texts[0], texts[0] + " " * 2000):
    reply = client.system_one(state=text, questions={"team": Asked(instructions=instructions, criteria=criteria)})
    assert reply.answers["team"].choice == wanted[0], reply

decisions = OpenAIDecisions(model="gpt-6-luna", api_key="x", base_url=f"{url}/v1")
said = decisions.invoke({"input": texts[1], "questions": {"team": Choice(instructions=instructions, choices=criteria)}})
assert said.answers["team"].choice == wanted[1], said


def valid(row: int) -> None:
    body = {
        "model": "jev-latest",
        "state": texts[row % len(texts)],
        "questions": {f"question {row}": {"type": "choice", "instructions": instructions, "criteria": criteria}},
    }
    response = Client(url).post_json("/v1/systemone", body)
    assert response.status == 200, response.excerpt()
    violations = validate_success(body, response)
    assert violations == [], [str(violation) for violation in violations]


with ThreadPoolExecutor(8) as pool:
    list(pool.map(valid, range(ROWS)))
print(f"typesafe-sdk, langchain-openai, and {ROWS} replies that jevcompat finds valid")
