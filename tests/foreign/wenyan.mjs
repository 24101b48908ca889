// @wenyan-md/core: a Markdown tool's own client puts a draft into the box.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createWechatClient } from "@wenyan-md/core/wechat";

const { url, wechat, picture } = JSON.parse(await readFile(process.argv[2], "utf8"));
const client = createWechatClient({
  fetch: (address, init) => fetch(address.replace("https://api.weixin.qq.com", `${url}/wechat`), init),
  createMultipart(field, file, filename) {
    const body = new FormData();
    body.append(field, file, filename);
    return { body };
  },
});

const token = (await client.fetchAccessToken(wechat.appid, wechat.secret)).access_token;
const cover = new Blob([await readFile(picture)], { type: "image/jpeg" });
const material = await client.uploadMaterial("image", cover, "cover.jpg", token);
const draft = await client.publishArticle(token, {
  title: "洗手的五个时刻",
  content: "<p>进门先洗手。</p>",
  thumb_media_id: material.media_id,
});
assert.ok(draft.media_id);
