using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Agent.Commands;
using CvOps.Agent.Link;
using CvOps.Agent.Link.IotHub;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using CvOps.Testing.IotHub;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Link.IotHub;

[Trait("tier", "integration")]
public sealed class IotHubFleetLinkTests : IAsyncLifetime
{
    private static readonly DeviceId Device = new("press-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly CameraId Camera = new("a");
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    private readonly TestFolder _folder = new();
    private readonly FleetInbox _inbox = new();
    private readonly CancellationTokenSource _stopping = new();
    private FakeIotHub _hub = null!;
    private IotHubFleetLink? _link;
    private Task? _running;
    private SpoolLog? _spool;
    private UplinkLoop? _uplink;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await FakeIotHub.StartAsync(cancellationToken: Token);

    public async ValueTask DisposeAsync()
    {
        if (_uplink is not null) await _uplink.StopAsync(CancellationToken.None);
        _uplink?.Dispose();
        await _stopping.CancelAsync();
        if (_running is not null) await _running;
        _link?.Dispose();
        if (_spool is not null) await _spool.DisposeAsync();
        await _hub.DisposeAsync();
        _stopping.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Messages_arrive_in_order_with_their_properties()
    {
        await StartAsync();
        for (var index = 0; index < 20; index++) await AppendAsync();
        await ArrivedAsync(20);
        Assert.Equal(Enumerable.Range(1, 20).Select(it => (long)it), Sequences());
        Assert.All(_hub.Messages, it => Assert.Equal("application/json|utf-8|inspection|plant|a", string.Join('|', new[] { "$.ct", "$.ce", "kind", "site", "camera" }.Select(name => it.Properties[name]))));
    }

    [Fact]
    public async Task A_hub_that_goes_away_hangs_up_and_loses_acknowledgements_costs_nothing()
    {
        const int Messages = 600;
        await StartAsync();
        for (var index = 0; index < Messages; index++)
        {
            await AppendAsync();
            if (index == 100) _hub.BreakConnections();
            if (index == 200) _hub.LoseAcks(1);
            if (index == 300) _hub.GoAway();
            if (index == 500)
            {
                await Eventually.Async(() => _link!.State != LinkState.Connected, Deadline, Seen, Token);
                _hub.ComeBack();
            }
        }
        await ArrivedAsync(Messages);
        // First arrivals are in order; what came twice can be told by its origin.
        Assert.Equal(Enumerable.Range(1, Messages).Select(it => (long)it), Sequences().Distinct());
        Assert.Equal(0, _spool!.Health.DeadLetters);
        Assert.InRange(_hub.Connects, 3, 20);
    }

    [Fact]
    public async Task A_throttled_hub_is_waited_for_and_gets_everything()
    {
        const int Messages = 120;
        await StartAsync(window: 8);
        _hub.AckDelay = TimeSpan.FromMilliseconds(20);
        _hub.RefuseConnects(2);
        // As a hub over its quota: it takes a few and hangs up, again and again.
        _hub.DropAfter = 30;
        for (var index = 0; index < Messages; index++) await AppendAsync();
        await ArrivedAsync(Messages);
        Assert.Equal(Enumerable.Range(1, Messages).Select(it => (long)it), Sequences().Distinct());
        Assert.Equal(0, _spool!.Health.DeadLetters);
        Assert.True(_hub.Connects >= 3);
    }

    [Fact]
    public async Task A_token_is_renewed_before_it_ends_and_nothing_is_sent_twice_for_it()
    {
        // Renewed 1.2 s before its end: a busy machine takes that long now and then.
        await StartAsync(tokenLifetime: TimeSpan.FromSeconds(8));
        for (var index = 0; _hub.Connects < 3; index++)
        {
            Assert.True(index < 3000, Seen());
            await AppendAsync();
            await Task.Delay(10, Token);
        }
        await Eventually.Async(() => _spool!.Health.WaitingMessages == 0, Deadline, Seen, Token);
        Assert.Equal(Sequences().Distinct(), Sequences());
        Assert.Null(_link!.Problem);
    }

    [Fact]
    public async Task A_certificate_proves_the_device_as_well()
    {
        using var authority = CertificateAuthority.Create(_folder["authority"]);
        var issued = authority.IssueDevice(Device);
        using (var own = issued.ToX509()) _hub.AddDevice(Device.Value, own);
        var files = issued.Save(_folder["identity"], "device");
        await StartAsync(new LinkOptions { Ca = _hub.AuthorityFile, Certificate = files.Certificate, Key = files.Key, Iothub = new IotHubOptions { Host = _hub.HostName } });
        await AppendAsync();
        await ArrivedAsync(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_provisioning_service_names_the_hub(bool key)
    {
        const string Scope = "0ne00AABBCC";
        var hub = new IotHubOptions { IdScope = Scope, ProvisioningHost = _hub.HostName };
        var options = new LinkOptions { Ca = _hub.AuthorityFile, Iothub = hub };
        if (key)
        {
            var path = _folder["dps.key"];
            PemFile.WriteKey(path, _hub.AddDevice(Device.Value).Split("SharedAccessKey=")[1]);
            options = options with { Iothub = hub with { SymmetricKey = path } };
        }
        else
        {
            using var authority = CertificateAuthority.Create(_folder["authority"]);
            var issued = authority.IssueDevice(Device);
            using (var own = issued.ToX509()) _hub.AddDevice(Device.Value, own);
            var files = issued.Save(_folder["identity"], "device");
            options = options with { Certificate = files.Certificate, Key = files.Key };
        }
        Run(options);
        await Eventually.Async(() => _link!.Problem?.Contains("the provisioning service", StringComparison.Ordinal) == true, Deadline, Seen, Token);
        Assert.Contains("check id-scope", _link!.Problem, StringComparison.Ordinal);
        _hub.Enrol(Device.Value, Scope);
        await Eventually.Async(() => _link!.State == LinkState.Connected, Deadline, Seen, Token);
        _hub.BreakConnections();
        await Eventually.Async(() => _hub.Connects == 2, Deadline, Seen, Token);
    }

    [Fact]
    public async Task A_refused_key_is_said_with_what_to_do()
    {
        _hub.AddDevice(Device.Value);
        var forged = $"HostName={_hub.HostName};DeviceId={Device};SharedAccessKey={Convert.ToBase64String(new byte[32])}";
        Run(Options(forged));
        await Eventually.Async(() => _link!.Problem?.Contains("does not accept this device's credentials", StringComparison.Ordinal) == true, Deadline, Seen, Token);
    }

    [Fact]
    public async Task A_hub_of_another_authority_is_not_trusted()
    {
        await using var another = await FakeIotHub.StartAsync(cancellationToken: Token);
        Run(Options(_hub.AddDevice(Device.Value)) with { Ca = another.AuthorityFile });
        await Eventually.Async(() => _link!.Problem?.Contains("certificate is not trusted", StringComparison.Ordinal) == true, Deadline, Seen, Token);
        Assert.Equal(0, _hub.Connects);
    }

    [Fact]
    public async Task Desired_properties_of_before_of_now_and_of_an_absence_come_in()
    {
        var options = Options(_hub.AddDevice(Device.Value));
        await _hub.DesireAsync(Device.Value, Wish("v1"));
        Run(options);
        await WantedAsync("v1", 2);
        await _hub.DesireAsync(Device.Value, Wish("v2"));
        await WantedAsync("v2", 3);
        _hub.GoAway();
        await Eventually.Async(() => _link!.State != LinkState.Connected, Deadline, Seen, Token);
        await _hub.DesireAsync(Device.Value, Wish("v3"));
        _hub.ComeBack();
        await WantedAsync("v3", 4);
        await _hub.DesireAsync(Device.Value, new JsonObject { ["model"] = null });
        await Eventually.Async(() => _inbox.Desired is { Version: 5, Model: null }, Deadline, Seen, Token);
    }

    [Fact]
    public async Task Reported_properties_are_patched_also_through_throttling_and_an_absence()
    {
        Run(Options(_hub.AddDevice(Device.Value)));
        await Eventually.Async(() => _link!.State == LinkState.Connected, Deadline, Seen, Token);
        _hub.ThrottleTwins(2);
        _link!.Report(Reported(UpdateState.Downloading, "slow"));
        await Eventually.Async(() => (string?)_hub.Reported(Device.Value)["model"]?["reason"] == "slow", Deadline, Seen, Token);
        _hub.GoAway();
        await Eventually.Async(() => _link!.State != LinkState.Connected, Deadline, Seen, Token);
        _link!.Report(Reported(UpdateState.Committed, null));
        _hub.ComeBack();
        await Eventually.Async(() => (string?)_hub.Reported(Device.Value)["model"]?["state"] == "Committed", Deadline, Seen, Token);
        Assert.Null(_hub.Reported(Device.Value)["model"]!["reason"]);
    }

    [Fact]
    public async Task Direct_methods_are_commands_and_answer_with_what_became_of_them()
    {
        Run(Options(_hub.AddDevice(Device.Value)));
        await Eventually.Async(() => _link!.State == LinkState.Connected, Deadline, Seen, Token);
        using var stop = new CancellationTokenSource();
        var seen = new ConcurrentQueue<Command>();
        var desk = Task.Run(async () =>
        {
            await foreach (var command in _inbox.Commands.ReadAllAsync(stop.Token))
            {
                seen.Enqueue(command);
                var refusal = CommandGate.Refusal(command, DateTimeOffset.UtcNow, new Dictionary<string, DateTimeOffset>(), default);
                await _link!.RespondAsync(new CommandResponse(command.Id, Device, refusal is null, refusal ?? "done"), Token);
            }
        }, Token);

        var (status, answer) = await _hub.InvokeAsync(Device.Value, "restart-camera", """{"camera":"a","times":2}""", Deadline, Token);
        Assert.Equal((200, "done"), (status, JsonSerializer.Deserialize(answer, ContractsJson.Default.CommandResponse)!.Message));
        Assert.True(seen.TryDequeue(out var command));
        Assert.Equal(("restart-camera", "iothub", "a", "2"), (command.Name, command.IssuedBy, command.Arguments!["camera"], command.Arguments["times"]));

        Assert.Equal(200, (await _hub.InvokeAsync(Device.Value, "ping", "", Deadline, Token)).Status);
        var stale = new Command("c1", "ping", DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddMinutes(-30), "somebody", null);
        var (refused, why) = await _hub.InvokeAsync(Device.Value, "ping", JsonSerializer.Serialize(stale, ContractsJson.Default.Command), Deadline, Token);
        Assert.Equal(409, refused);
        Assert.Contains("expired", why, StringComparison.Ordinal);
        Assert.Equal(400, (await _hub.InvokeAsync(Device.Value, "pong", JsonSerializer.Serialize(stale, ContractsJson.Default.Command), Deadline, Token)).Status);
        Assert.Equal(400, (await _hub.InvokeAsync(Device.Value, "ping", "[1]", Deadline, Token)).Status);
        Assert.Equal(400, (await _hub.InvokeAsync(Device.Value, "ping", """{"camera":{"deep":1}}""", Deadline, Token)).Status);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => desk);
    }

    [Fact]
    public async Task A_topic_that_is_not_this_devices_is_refused_and_set_aside()
    {
        await StartAsync();
        await _spool!.AppendAsync(new Topics(new SiteId("plant"), new DeviceId("press-2")).Health, Payload, Token);
        await AppendAsync();
        await ArrivedAsync(1);
        Assert.Equal(1, _spool.Health.DeadLetters);
    }

    private static byte[] Payload(Origin origin) => Encoding.UTF8.GetBytes(origin.Sequence.ToString(CultureInfo.InvariantCulture));

    private static JsonObject Wish(string version) => new()
    {
        ["model"] = JsonSerializer.SerializeToNode(new DesiredModel(new ModelRef("line", version, new string('a', 64)), null, new Uri("http://fleet/x"), 1, false), ContractsJson.Default.DesiredModel),
    };

    private static TwinReported Reported(UpdateState state, string? reason) => new()
    {
        DesiredVersion = 1, Boot = 1, At = DateTimeOffset.UtcNow, AgentVersion = "1.0", Provider = "cpu", Cameras = [], Model = new ReportedModel { State = state, Reason = reason },
    };

    private Task<AppendOutcome> AppendAsync() => _spool!.AppendAsync(Own.Inspection(Camera), Payload, Token);

    private Task WantedAsync(string version, long number) =>
        Eventually.Async(() => _inbox.Desired is { } desired && desired.Version == number && desired.Model?.Model.Version == version, Deadline, () => $"{_inbox.Desired} {Seen()}", Token);

    private Task ArrivedAsync(int count) =>
        Eventually.Async(() => _spool!.Health.WaitingMessages == 0 && Sequences().Distinct().Count() >= count, Deadline, Seen, Token);

    private List<long> Sequences() => [.. _hub.Messages.Select(it => long.Parse(Encoding.UTF8.GetString(it.Body), CultureInfo.InvariantCulture))];

    private string Seen() => $"{_hub.Messages.Count} messages, {_hub.Connects} connects, {_spool?.Health.WaitingMessages} wait, link: {_link?.State} {_link?.Problem}";

    private LinkOptions Options(string connectionString, TimeSpan? tokenLifetime = null, int window = 64)
    {
        var path = _folder["iothub.connection"];
        PemFile.WriteKey(path, connectionString);
        return new LinkOptions
        {
            Ca = _hub.AuthorityFile, Window = window, LongestPause = TimeSpan.FromSeconds(0.5),
            Iothub = new IotHubOptions { ConnectionString = path, TokenLifetime = tokenLifetime ?? TimeSpan.FromHours(1) },
        };
    }

    private Task StartAsync(TimeSpan? tokenLifetime = null, int window = 64) => StartAsync(Options(_hub.AddDevice(Device.Value), tokenLifetime, window));

    private async Task StartAsync(LinkOptions options)
    {
        Run(options);
        _spool = new SpoolLog(_folder["spool"], Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        _uplink = new UplinkLoop(_spool, _link!, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await _uplink.StartAsync(Token);
    }

    private void Run(LinkOptions options)
    {
        _link = new IotHubFleetLink(options with { LongestPause = TimeSpan.FromSeconds(0.5) }, Device, _inbox, () => 0.5, TimeProvider.System, NullLogger<IotHubFleetLink>.Instance);
        _running = _link.RunAsync(_stopping.Token);
    }
}
