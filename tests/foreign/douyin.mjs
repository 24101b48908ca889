// @open-dy/open_api_sdk: ByteDance's own client authorises, uploads whole and in parts, publishes a
// video and pictures, and is refused what Douyin refuses.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Readable } from "node:stream";

const require = createRequire(import.meta.url);
const tea = require("@alicloud/tea-typescript");
const sdk = require("@open-dy/open_api_sdk");
const { FileField } = require("@open-dy/open_api_util");

const { url, douyin, picture, video } = JSON.parse(await readFile(process.argv[2], "utf8"));
// It knows one address only, over https. Where it sends to is all that is changed.
const send = tea.doAction;
tea.doAction = (request, runtime) => {
  request.protocol = "http";
  request.headers.host = new URL(url).host;
  request.pathname = `/douyin${request.pathname}`;
  return send(request, runtime);
};

const { client_key: clientKey, client_secret: clientSecret } = douyin;
const client = new sdk.default({ clientKey, clientSecret });
const request = (name, fields) => new sdk[`${name}Request`]({ header: {}, ...fields });
const file = (name, type, bytes) =>
  new FileField({ filename: name, contentType: type, content: Readable.from([bytes]) });
const refused = (call, code) =>
  assert.rejects(call, (error) => Number(error.code) === code, `expected ${code}`);

// The owner agrees on the platform's page, and the browser comes back with a code.
const scopes = "user_info,video.create.bind,posting.behavior,renew_refresh_token";
const query = new URLSearchParams({
  client_key: clientKey,
  response_type: "code",
  scope: scopes,
  redirect_uri: "https://bot.example.cn/connect/douyin",
  state: "s",
});
const page = await (await fetch(`${url}/douyin/platform/oauth/connect/?${query}`)).text();
const back = page.match(/href="([^"]*code=[^"]*)"/)[1].replaceAll("&amp;", "&");
const code = new URL(back).searchParams.get("code");
const exchange = () =>
  client.oauthAccessToken(
    request("OauthAccessToken", { clientKey, clientSecret, code, grantType: "authorization_code" }),
  );
const granted = (await exchange()).data;
assert.equal(granted.scope, scopes);
assert.equal(Number((await exchange()).data.errorCode), 10007); // a code works once
const { accessToken, openId } = granted;
const me = (name, fields) => request(name, { accessToken, openId, ...fields });
assert.equal((await client.oauthUserinfo(me("OauthUserinfo", {}))).data.openId, openId);

// A renewal kills the old refresh token.
const renewed = await client.oauthRenewRefreshToken(
  request("OauthRenewRefreshToken", { clientKey, refreshToken: granted.refreshToken }),
);
const refresh = (refreshToken) =>
  client.oauthRefreshToken(
    request("OauthRefreshToken", { clientKey, refreshToken, grantType: "refresh_token" }),
  );
assert.equal(Number((await refresh(granted.refreshToken)).data.errorCode), 10010);
assert.equal((await refresh(renewed.data.refreshToken)).data.accessToken, accessToken);

// A whole file, a cover, a work; one upload makes one work.
const film = await readFile(video);
const whole = await client.videoUploadVideo(
  me("VideoUploadVideo", { video: file("a.mp4", "video/mp4", film) }),
);
const upload = async () =>
  client.uploadImage(me("UploadImage", { image: file("a.jpg", "image/jpeg", await readFile(picture)) }));
const imageId = (image) => image.data.image.imageId;
const work = me("VideoCreateVideo", {
  videoId: whole.data.video.videoId,
  text: "洗手的五个时刻 #健康",
  customCoverImageUrl: imageId(await upload()),
});
const made = await client.videoCreateVideo(work);
assert.match(made.data.itemId, /^@/);
await refused(client.videoCreateVideo(work), 2190007);

// In parts, numbered from 1, each of 5 MB or more but the last.
const started = await client.initVideoPartUpload(me("InitVideoPartUpload", {}));
const { uploadId } = started.data;
const part = (partNumber, bytes) =>
  client.videoUploadVideoPart(
    me("VideoUploadVideoPart", { uploadId, partNumber, video: file("p", "video/mp4", bytes) }),
  );
await refused(part("0", film), 28001007);
await part("1", Buffer.concat([film, Buffer.alloc(5 * 1024 * 1024)]));
const complete = () =>
  client.completeVideoPartUpload(me("CompleteVideoPartUpload", { uploadId }));
await part("3", Buffer.from("end"));
await refused(complete(), 28001007); // part 2 is missing
await part("2", Buffer.alloc(5 * 1024 * 1024));
assert.ok((await complete()).data.video.videoId);

// Pictures without a video.
const imageList = [imageId(await upload()), imageId(await upload())];
const set = await client.videoCreateImageText(
  me("VideoCreateImageText", { imageList, text: "五张图看懂洗手" }),
);
const shown = await client.videoVideoBasicInfo(
  me("VideoVideoBasicInfo", { itemIds: [made.data.itemId, set.data.itemId] }),
);
assert.deepEqual(shown.data.list.map((one) => one.mediaType), [4, 2]);
await refused(client.videoVideoList(me("VideoVideoList", { cursor: "0", count: 20 })), 28001056);

// The application itself: a client token, and the id of a share.
const app = await client.oauthClientToken(
  request("OauthClientToken", { clientKey, clientSecret, grantType: "client_credential" }),
);
const share = await client.shareid(
  request("Shareid", { accessToken: app.data.accessToken, needCallback: true }),
);
assert.match(share.data.shareId, /^\d+$/);
