using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Tests.Access.Sessions;
using CvOps.Fleet.Tests.Rollouts;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Access.Attacks;

/// <summary>Markup in whatever people, programs and devices may name: it is refused, or shown as the text that it is.</summary>
[Trait("tier", "integration")]
public sealed class MarkupTests
{
    private const string Raw = "<img src=x";

    /// <summary>Taken, and no page shows it: an experiment without runs.</summary>
    private static readonly string[] Nowhere = ["experiment"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Markup_in_any_name_or_text_is_refused_or_shown_as_text()
    {
        await using var line = await RolloutLine.StartAsync(1, await FleetHost.StartAsync(FleetHost.WithAuthority));
        var (fleet, device) = (line.Fleet, line.Devices[0]);
        await device.SendAsync(device.Frame("frame-1", part: Text("part")) with { Prediction = new Prediction { Class = Text("predicted"), Confidence = 0.6, Margin = 0.1 } });
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync("frames/frame-1", Cancel)).IsSuccessStatusCode, "the frame is there");
        device.OnCommand = command => new CommandResponse(command.Id, device.Id, true, Text("answer"));
        var model = (await TryModelAsync(fleet, "classes", parts => parts.Manifest with { Classes = ["ok", Text("classes")], RejectClasses = [] })).Digest!;

        // What is set, and what came of it: refused, or let through.
        var set = new Dictionary<string, bool>
        {
            ["account"] = await PostAsync(fleet, "accounts", new AccountRequest(Text("account"), [new RoleGrant(Role.Viewer)])),
            ["account-site"] = await PostAsync(fleet, "accounts", new AccountRequest("early", [new RoleGrant(Role.Viewer, Text("account-site"))])),
            ["token"] = await PostAsync(fleet, "tokens", new ApiTokenRequest(Text("token"), [Permission.Read])),
            ["token-site"] = await PostAsync(fleet, "tokens", new ApiTokenRequest("x", [Permission.Read], [Text("token-site")])),
            ["enrolment"] = await PostAsync(fleet, "enrolment/tokens", new TokenRequest("early", Text("enrolment"))),
            ["device-label"] = await PutAsync(fleet, "devices/line-1/labels", new LabelsChange(new Dictionary<string, string?> { ["line"] = Text("device-label") })),
            ["device-label-name"] = await PutAsync(fleet, "devices/line-1/labels", new LabelsChange(new Dictionary<string, string?> { [Text("device-label-name")] = "4" })),
            ["answer"] = await PostAsync(fleet, "devices/line-1/commands", new CommandRequest("ping", null)),
            ["group"] = await PutAsync(fleet, $"groups/{Uri.EscapeDataString(Text("group"))}", new GroupRequest(Select: "line=4")),
            ["label"] = await PutAsync(fleet, "frames/frame-1/label", new LabelRequest(Text("label"), "early", Note: Text("note"))),
            ["labeller"] = await PutAsync(fleet, "frames/frame-1/label", new LabelRequest("ok", Text("labeller"), Note: Text("note"))),
            ["snapshot"] = await PostAsync(fleet, "datasets", new SnapshotRequest(Text("snapshot"), "early")),
            ["model"] = (await TryModelAsync(fleet, "model", parts => parts.Manifest with { Name = Text("model") })).Taken,
            ["version"] = (await TryModelAsync(fleet, "version", parts => parts.Manifest with { Version = Text("version") })).Taken,
            ["alias"] = await PutAsync(fleet, $"aliases/line/{Uri.EscapeDataString(Text("alias"))}", new AliasRequest(model, "early", "x")),
            ["alias-reason"] = await PutAsync(fleet, "aliases/line/champion", new AliasRequest(model, "early", Text("alias-reason"))),
            ["rollout"] = await PostAsync(fleet, "rollouts?draft=true", line.Plan(new RolloutRing("canary", 1)) with { Name = Text("rollout") }),
            ["ring"] = await PostAsync(fleet, "rollouts?draft=true", line.Plan(new RolloutRing(Text("ring"), 1))),
            ["rollout-author"] = await PostAsync(fleet, $"rollouts?draft=true&by={Uri.EscapeDataString(Text("rollout-author"))}", line.Plan(new RolloutRing("canary", 1))),
            ["stop"] = await PostAsync(fleet, "rollouts/stop-all", new RolloutAction("early", Text("stop"))),
            ["alert-rule"] = await PutAsync(fleet, $"alerts/rules/{Uri.EscapeDataString(Text("alert-rule"))}", new AlertRuleSettings { Source = AlertSource.DeviceOffline }),
            ["alert-where"] = await PutAsync(fleet, "alerts/rules/mine", new AlertRuleSettings { Source = AlertSource.DeviceOffline, Where = Text("alert-where") }),
            ["channel"] = await PutAsync(fleet, $"alerts/channels/{Uri.EscapeDataString(Text("channel"))}", new AlertChannelSettings { Kind = AlertChannelKind.Mqtt }),
            ["channel-url"] = await PutAsync(fleet, "alerts/channels/hook", new AlertChannelSettings { Kind = AlertChannelKind.Webhook, Url = "https://elsewhere.example/" + Text("channel-url") }),
            ["channel-to"] = await PutAsync(fleet, "alerts/channels/mail", new AlertChannelSettings { Kind = AlertChannelKind.Email, To = [Text("channel-to")] }),
            ["silence"] = await PostAsync(fleet, "alerts/silences", new SilenceRequest("rule=device-offline", DateTimeOffset.UtcNow.AddHours(1), "early", Text("silence"))),
            ["experiment"] = await MlflowAsync(fleet, "experiments/create", $$"""{"name": "{{Json("experiment")}}"}"""),
            ["run"] = await MlflowAsync(fleet, "runs/create", $$"""{"experiment_id": "0", "run_name": "{{Json("run")}}", "user_id": "{{Json("run-user")}}"}"""),
            ["retraining"] = await PutAsync(fleet, "retraining/policies/line", new RetrainingPolicy { Model = "line", By = Text("retraining") }),
            // What a device says is never refused with an answer: it is shown, or set aside and shown there.
            ["part"] = true, ["predicted"] = true, ["classes"] = true, ["note"] = true, ["health"] = true, ["update"] = true, ["letter"] = true,
        };
        await RolloutLine.ReportAsync(device, line.Old, null, UpdateState.RolledBack, Text("update"));
        await device.SendAsync(device.Topics.Health, new DeviceHealth
        {
            Origin = device.NextOrigin(), At = DateTimeOffset.UtcNow, UptimeSeconds = 1, ResidentBytes = 1, Provider = "CPU", Spool = new SpoolHealth(0, 0, 1, 0, 0),
            Cameras = [new CameraHealth(new CameraId("cam"), CameraState.Lost, 0, 0, 0, 0, 0, 0, Text("health"))],
        }, ContractsJson.Default.DeviceHealth);
        await device.SendAsync(device.Topics.Inspection(new CameraId("cam")), Encoding.UTF8.GetBytes($$"""{"x": "{{Json("letter")}}"}"""));

        string[] pages =
        [
            "", "alerts", "devices", "devices/line-1", "rollouts", "rollouts/rollout-1", "rollouts/rollout-2", "rollouts/rollout-3", "drift", "labels", "labels/frame-1", "labels/review", "frames", "frames/frame-1", "frames/frame-1/similar",
            "quality", "datasets", "lineage?frame=frame-1", "training", "tracking", "models", $"models/{model}", "deadletters", "audit", "settings", "settings/people", "settings/tokens", "settings/enrolment", "settings/keys",
        ];
        var expected = set.Where(pair => pair.Value).Select(pair => pair.Key).ToArray();
        Assert.True(expected.Length >= 12, $"only {string.Join(", ", expected)} were let through");
        string[] unseen = [];
        await Eventually.Async(async () =>
        {
            var all = new StringBuilder();
            foreach (var page in pages)
            {
                var text = await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, $"/{page}"), Cancel);
                Assert.False(text.Contains(Raw, StringComparison.OrdinalIgnoreCase), $"/{page} has markup as it came: {Around(text)}");
                all.Append(text);
            }
            var seen = all.ToString();
            unseen = [.. expected.Where(what => !seen.Contains($"onerror={what}&gt;", StringComparison.Ordinal)).Except(Nowhere)];
            return unseen.Length == 0;
        }, TimeSpan.FromSeconds(30), () => $"let through and on no page: {string.Join(", ", unseen)}", Cancel);
    }

    [Theory]
    [InlineData("sign-in?return=/{}&refused={}")]
    [InlineData("audit?by={}&action={}&subject={}&text={}")]
    [InlineData("frames?class={}&text={}&q={}&device={}")]
    [InlineData("devices?select={}")]
    [InlineData("tracking?filter={}&order={}")]
    [InlineData("tracking/compare?run={}")]
    [InlineData("deadletters?device={}&reason={}")]
    [InlineData("lineage?frame={}&part={}&picture={}&model={}")]
    [InlineData("datasets/compare?from={}&to={}")]
    [InlineData("devices/{}")]
    [InlineData("models/{}")]
    [InlineData("rollouts/{}")]
    [InlineData("frames/{}")]
    [InlineData("labels/{}")]
    [InlineData("datasets/{}")]
    [InlineData("drift/{}/cam")]
    [InlineData("nothing/{}")]
    public async Task Markup_in_an_address_does_not_come_back_as_markup(string address)
    {
        await using var fleet = await FleetHost.StartAsync();
        using var answer = await fleet.Http.GetAsync(new Uri(fleet.Http.BaseAddress!, "/" + address.Replace("{}", Uri.EscapeDataString(Text("address")), StringComparison.Ordinal)), Cancel);
        Assert.True((int)answer.StatusCode < 500, $"{answer.StatusCode}");
        if (answer.Content.Headers.ContentType?.MediaType == "text/html") Assert.DoesNotContain(Raw, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("default-src", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_browser_calls_itself_is_text_on_its_own_page_of_sessions()
    {
        await using var fleet = await FleetHost.StartAsync();
        (await Browser.NewAsync(fleet, "early", new RoleGrant(Role.Viewer))).Dispose();
        using var http = new HttpClient { BaseAddress = new Uri(fleet.Http.BaseAddress!, "/") };
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", Text("browser"));
        using var signedIn = await http.PostAsync(new Uri("sign-in/password", UriKind.Relative),
            new FormUrlEncodedContent([KeyValuePair.Create("name", "early"), KeyValuePair.Create("password", Browser.Password), KeyValuePair.Create("return", "/settings")]), Cancel);
        var page = await signedIn.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("onerror=browser&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Raw, page, StringComparison.OrdinalIgnoreCase);
    }

    private static string Text(string what) => $"\"'>{Raw} onerror={what}>";

    private static string Json(string what) => Text(what).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Around(string page)
    {
        var at = page.IndexOf(Raw, StringComparison.OrdinalIgnoreCase);
        return page[Math.Max(0, at - 200)..Math.Min(page.Length, at + 100)];
    }

    private static async Task<bool> PostAsync<T>(FleetHost fleet, string path, T body) => Taken(await fleet.Http.PostAsJsonAsync(path, body, (JsonTypeInfo<T>)ContractsJson.Default.GetTypeInfo(typeof(T))!, Cancel), path);

    private static async Task<bool> PutAsync<T>(FleetHost fleet, string path, T body) => Taken(await fleet.Http.PutAsJsonAsync(path, body, (JsonTypeInfo<T>)ContractsJson.Default.GetTypeInfo(typeof(T))!, Cancel), path);

    private static async Task<bool> MlflowAsync(FleetHost fleet, string call, string json) =>
        Taken(await fleet.Http.PostAsync(new Uri(fleet.Http.BaseAddress!, $"/api/2.0/mlflow/{call}"), new StringContent(json, Encoding.UTF8, "application/json"), Cancel), call);

    private static async Task<(bool Taken, string? Digest)> TryModelAsync(FleetHost fleet, string file, Func<ModelPackageParts, ModelManifest> change)
    {
        var parts = TestPackages.Parts("line", file);
        try
        {
            PackageWriter.Write(fleet.InFolder($"{file}.cvmodel"), parts with { Manifest = change(parts) }, fleet.SigningKey);
        }
        catch (PackageException)
        {
            // It cannot even be packed.
            return (false, null);
        }
        using var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(await File.ReadAllBytesAsync(fleet.InFolder($"{file}.cvmodel"), Cancel)), Cancel);
        return Taken(answer, file) ? (true, (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, Cancel))!.Model.Digest) : (false, null);
    }

    private static bool Taken(HttpResponseMessage answer, string what)
    {
        Assert.True((int)answer.StatusCode is < 500 and not 401 and not 403, $"{what}: {answer.StatusCode}");
        return answer.IsSuccessStatusCode;
    }
}
