using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Tests.Alerts;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Api;

public sealed class ApiMannersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_is_read_page_by_page_along_its_links()
    {
        await using var fleet = await FleetHost.StartAsync();
        var all = (await fleet.Http.GetFromJsonAsync<AlertRuleView[]>("alerts/rules", ContractsJson.Default.Options, Cancel))!;
        var (read, pages) = (new List<string>(), 0);
        for (var next = "alerts/rules?limit=5"; next is not null; pages++)
        {
            using var answer = await fleet.Http.GetAsync(next, Cancel);
            var page = (await answer.Content.ReadFromJsonAsync<AlertRuleView[]>(ContractsJson.Default.Options, Cancel))!;
            Assert.InRange(page.Length, 1, 5);
            read.AddRange(page.Select(rule => rule.Name));
            next = answer.Headers.TryGetValues("Link", out var links) ? links.Single().Split('>')[0].TrimStart('<') : null;
        }
        Assert.Equal(all.Select(rule => rule.Name), read);
        Assert.Equal((all.Length + 4) / 5, pages);
        using var gone = await fleet.Http.GetAsync("alerts/rules?limit=5&after=none", Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, gone.StatusCode);
    }

    [Fact]
    public async Task Devices_and_the_audit_log_have_links_too()
    {
        await using var fleet = await FleetHost.StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await using var device = await fleet.ConnectDeviceAsync($"press-{i}");
            await device.SayOnlineAsync();
        }
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync<DeviceView[]>("devices", ContractsJson.Default.Options, Cancel))!.Length == 3, "three devices");
        using var first = await fleet.Http.GetAsync("devices?limit=2&select=site%3Dplant", Cancel);
        var link = first.Headers.GetValues("Link").Single();
        Assert.Contains("after=press-2", link, StringComparison.Ordinal);
        Assert.Contains("select=site%3Dplant", link, StringComparison.Ordinal);
        using var last = await fleet.Http.GetAsync(link.Split('>')[0].TrimStart('<'), Cancel);
        Assert.Equal("press-3", Assert.Single((await last.Content.ReadFromJsonAsync<DeviceView[]>(ContractsJson.Default.Options, Cancel))!).Id.Value);
    }

    [Fact]
    public async Task Of_two_who_edit_the_same_thing_the_second_is_told_and_overwrites_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        var rule = new AlertRuleSettings { Source = AlertSource.Drift };
        using var read = await fleet.Http.GetAsync("alerts/rules/drift", Cancel);
        var tag = read.Headers.ETag!;
        using (var known = await SendAsync(fleet, HttpMethod.Get, "alerts/rules/drift", null, request => request.Headers.IfNoneMatch.Add(tag))) Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        using (var first = await SendAsync(fleet, HttpMethod.Put, "alerts/rules/drift", rule with { For = TimeSpan.FromMinutes(1) }, request => request.Headers.IfMatch.Add(tag))) Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using (var second = await SendAsync(fleet, HttpMethod.Put, "alerts/rules/drift", rule with { For = TimeSpan.FromMinutes(2) }, request => request.Headers.IfMatch.Add(tag))) Assert.Equal(HttpStatusCode.PreconditionFailed, second.StatusCode);
        var now = await fleet.Http.GetFromJsonAsync<AlertRuleView>("alerts/rules/drift", ContractsJson.Default.Options, Cancel);
        Assert.Equal(TimeSpan.FromMinutes(1), now!.Settings.For);
    }

    [Fact]
    public async Task Many_who_write_at_once_on_one_condition_are_one_who_wins()
    {
        await using var fleet = await FleetHost.StartAsync();
        var rule = new AlertRuleSettings { Source = AlertSource.Drift };
        using var read = await fleet.Http.GetAsync("alerts/rules/drift", Cancel);
        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => SendAsync(fleet, HttpMethod.Put, "alerts/rules/drift", rule with { For = TimeSpan.FromMinutes(i) }, request => request.Headers.IfMatch.Add(read.Headers.ETag!))));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task What_shall_be_new_is_not_written_over_what_is_there_and_what_is_gone_is_not_changed()
    {
        await using var fleet = await FleetHost.StartAsync();
        var rule = new AlertRuleSettings { Source = AlertSource.Drift };
        foreach (var expected in (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.PreconditionFailed])
        {
            using var answer = await SendAsync(fleet, HttpMethod.Put, "alerts/rules/own", rule, request => request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any));
            Assert.Equal(expected, answer.StatusCode);
        }
        using var gone = await SendAsync(fleet, HttpMethod.Put, "alerts/rules/another", rule, request => request.Headers.IfMatch.Add(EntityTagHeaderValue.Any));
        Assert.Equal(HttpStatusCode.PreconditionFailed, gone.StatusCode);
    }

    [Fact]
    public async Task A_request_that_comes_again_under_its_key_is_done_once_and_answered_alike_also_after_a_restart()
    {
        await using var fleet = await FleetHost.StartAsync();
        var asked = Silence("site=plant");
        using var first = await PostAsync(fleet, asked, "k-1");
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        var said = await first.Content.ReadAsStringAsync(Cancel);
        await fleet.RestartFleetAsync();
        using var again = await PostAsync(fleet, asked, "k-1");
        Assert.Equal((first.StatusCode, said, first.Headers.Location), (again.StatusCode, await again.Content.ReadAsStringAsync(Cancel), again.Headers.Location));
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        using (var other = await PostAsync(fleet, Silence("site=other"), "k-1")) Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        using (await PostAsync(fleet, asked, "k-2")) { }
        Assert.Equal(2, (await fleet.Http.GetFromJsonAsync<SilenceView[]>("alerts/silences", ContractsJson.Default.Options, Cancel))!.Length);
    }

    [Fact]
    public async Task While_it_is_being_done_its_key_is_taken_and_a_refusal_is_an_answer_too()
    {
        await using var fleet = await FleetHost.StartAsync(AlertFleet.Quick);
        await using var receiver = await WebhookReceiver.StartAsync();
        var hold = new TaskCompletionSource();
        receiver.Hold = hold.Task;
        await fleet.WebhookAsync("ops", receiver.Url);
        var first = SendAsync(fleet, HttpMethod.Post, "alerts/channels/ops/test", null, request => request.Headers.Add("Idempotency-Key", "k-1"));
        await FleetHost.UntilAsync(() => Task.FromResult(receiver.Got.Count == 1), "the test at the receiver");
        using (var meanwhile = await SendAsync(fleet, HttpMethod.Post, "alerts/channels/ops/test", null, request => request.Headers.Add("Idempotency-Key", "k-1")))
        {
            Assert.Equal(HttpStatusCode.Conflict, meanwhile.StatusCode);
            Assert.NotNull(meanwhile.Headers.RetryAfter);
        }
        hold.SetResult();
        using (var done = await first) Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        using (var again = await SendAsync(fleet, HttpMethod.Post, "alerts/channels/ops/test", null, request => request.Headers.Add("Idempotency-Key", "k-1"))) Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Single(receiver.Got);
        foreach (var _ in (int[])[1, 2])
        {
            using var refused = await PostAsync(fleet, Silence(""), "k-3");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }
    }

    [Fact]
    public async Task A_request_that_was_not_understood_may_come_again_mended_under_its_key()
    {
        await using var fleet = await FleetHost.StartAsync();
        using (var broken = new HttpRequestMessage(HttpMethod.Post, "alerts/silences") { Content = new StringContent("{", System.Text.Encoding.UTF8, "application/json") })
        {
            broken.Headers.Add("Idempotency-Key", "k-1");
            using var answer = await fleet.Http.SendAsync(broken, Cancel);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
        using var mended = await PostAsync(fleet, Silence("site=plant"), "k-1");
        Assert.Equal(HttpStatusCode.Created, mended.StatusCode);
    }

    [Fact]
    public async Task A_client_that_comes_back_hears_what_it_missed_and_is_told_when_nobody_knows()
    {
        await using var fleet = await FleetHost.StartAsync();
        var events = fleet.Services.GetRequiredService<FleetEvents>();
        string last;
        await using (var stream = await EventReader.OpenAsync(fleet, null))
        {
            events.Publish("rollout", "first");
            last = (await stream.UntilAsync("first")).Id!;
        }
        events.Publish("rollout", "second");
        events.Publish("rollout", "third");
        await using (var stream = await EventReader.OpenAsync(fleet, last))
        {
            Assert.Equal("rollout", (await stream.UntilAsync("second")).Kind);
            var third = await stream.UntilAsync("third");
            events.Publish("rollout", "fourth");
            Assert.NotEqual(third.Id, (await stream.UntilAsync("fourth")).Id);
        }
        foreach (var unknown in (string[])["00000000-1", "nonsense"])
        {
            await using var stream = await EventReader.OpenAsync(fleet, unknown);
            Assert.Equal("missed", (await stream.NextAsync()).Kind);
        }
    }

    private static SilenceRequest Silence(string select) => new(select, new DateTimeOffset(TimeProvider.System.GetUtcNow().Date.AddDays(2), TimeSpan.Zero), "operator", "maintenance");

    private static Task<HttpResponseMessage> PostAsync(FleetHost fleet, SilenceRequest asked, string key) => SendAsync(fleet, HttpMethod.Post, "alerts/silences", asked, request => request.Headers.Add("Idempotency-Key", key));

    private static async Task<HttpResponseMessage> SendAsync(FleetHost fleet, HttpMethod method, string path, object? body, Action<HttpRequestMessage> with)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: ContractsJson.Default.Options) };
        with(request);
        return await fleet.Http.SendAsync(request, Cancel);
    }
}
