// node-easywechat: token, pictures, draft, publication, list.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import easywechat from "node-easywechat";
import FormData from "form-data";

const { url, wechat, picture } = JSON.parse(await readFile(process.argv[2], "utf8"));
const app = new easywechat.OfficialAccount({
  app_id: wechat.appid,
  secret: wechat.secret,
  use_stable_access_token: true,
  http: { baseURL: `${url}/wechat/` },
});
const client = app.getClient();

async function said(response) {
  const answer = (await response).toObject();
  assert.ok(!answer.errcode, JSON.stringify(answer));
  return answer;
}

async function upload(path) {
  const form = new FormData();
  form.append("media", await readFile(picture), { filename: "cover.jpg", contentType: "image/jpeg" });
  return said(client.request("post", path, { data: form, headers: form.getHeaders() }));
}

const cover = await upload("cgi-bin/material/add_material?type=image");
const inline = await upload("cgi-bin/media/uploadimg");
const draft = await said(
  client.postJson("cgi-bin/draft/add", {
    articles: [
      {
        title: "流感季怎样防护",
        content: `<p>勤洗手。</p><img src="${inline.url}">`,
        thumb_media_id: cover.media_id,
      },
    ],
  }),
);
const job = await said(client.postJson("cgi-bin/freepublish/submit", { media_id: draft.media_id }));
const reviewed = new Date(Date.now() + 15 * 60 * 1000).toISOString();
await fetch(`${url}/_sim/clock`, { method: "POST", body: JSON.stringify({ now: reviewed }) });
const state = await said(
  client.postJson("cgi-bin/freepublish/get", { publish_id: job.publish_id }),
);
assert.equal(state.publish_status, 0);
const listed = await said(
  client.postJson("cgi-bin/freepublish/batchget", { offset: 0, count: 20, no_content: 1 }),
);
assert.equal(listed.item[0].content.news_item[0].title, "流感季怎样防护");
