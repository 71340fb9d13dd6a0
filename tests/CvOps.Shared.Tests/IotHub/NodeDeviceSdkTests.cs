using System.Text;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using CvOps.Testing.IotHub;

namespace CvOps.Shared.Tests.IotHub;

/// <summary>Microsoft's device SDK for Node takes the fake hub for a hub: that is what our own tests against it rest on.</summary>
[Trait("tier", "integration")]
public sealed class NodeDeviceSdkTests
{
    private const string Device = "press-1";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twin_methods_telemetry_and_uploads_work_with_a_shared_access_signature()
    {
        await using var hub = await FakeIotHub.StartAsync(files: true, Token);
        var connection = hub.AddDevice(Device);
        await hub.DesireAsync(Device, new JsonObject { ["model"] = "v1" });
        await using var device = await StartAsync(hub, connection, "twin,method,event,upload");
        await device.WaitForOutputAsync("\"ready\"", Deadline, Token);

        Assert.Equal("v1", (string?)Said(device, "desired")["model"]);
        Assert.Equal(2, (int?)Said(device, "desired")["$version"]);
        await hub.DesireAsync(Device, new JsonObject { ["model"] = "v2" });
        await device.WaitForOutputAsync("""{"what":"patch","value":{"model":"v2","$version":3}}""", Deadline, Token);
        Assert.Equal("""{"provider":"cpu","camera":{"width":160},"$version":2}""", hub.Reported(Device).ToJsonString());

        Assert.Equal((200, """{"done":true,"got":{"to":"v1"}}"""), await hub.InvokeAsync(Device, "rollback", """{"to":"v1"}""", Deadline, Token));
        var message = Assert.Single(hub.Messages);
        Assert.Equal("""{"a":1}""", Encoding.UTF8.GetString(message.Body));
        Assert.Equal(("application/json", "utf-8", "drift"), (message.Properties["$.ct"], message.Properties["$.ce"], message.Properties["kind"]));
        var file = Assert.Single(hub.Files);
        Assert.Equal((Device, $"{Device}/frame/cam 1/f1.json", """{"frame":1}"""), (file.Device, file.Name, Encoding.UTF8.GetString(file.Body)));

        device.Input.Close();
        Assert.Equal(0, await device.WaitForExitAsync(Deadline, Token));
        await Eventually.Async(() => !hub.IsConnected(Device), Deadline, () => "still connected", Token);
    }

    [Fact]
    public async Task A_client_certificate_is_let_in_by_its_thumbprint()
    {
        await using var hub = await FakeIotHub.StartAsync(cancellationToken: Token);
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        var issued = authority.IssueDevice(new DeviceId(Device));
        using (var own = issued.ToX509()) hub.AddDevice(Device, own);
        var files = issued.Save(folder.Path, "device");
        await using var device = await StartAsync(hub, $"HostName={hub.HostName};DeviceId={Device};x509=true", "event", files);
        await device.WaitForOutputAsync("\"ready\"", Deadline, Token);
        Assert.Single(hub.Messages);
    }

    [Fact]
    public async Task What_the_hub_refuses_the_SDK_understands()
    {
        await using var hub = await FakeIotHub.StartAsync(cancellationToken: Token);
        var connection = hub.AddDevice(Device);
        var forged = $"HostName={hub.HostName};DeviceId={Device};SharedAccessKey={Convert.ToBase64String(new byte[32])}";
        await using (var stranger = await StartAsync(hub, forged, "event"))
        {
            Assert.Equal(1, await stranger.WaitForExitAsync(Deadline, Token));
            Assert.Equal("UnauthorizedError", (string?)Said(stranger, "failed"));
        }
        hub.ThrottleTwins(1);
        await using var throttled = await StartAsync(hub, connection, "twin");
        Assert.Equal(1, await throttled.WaitForExitAsync(Deadline, Token));
        Assert.Contains("ErrorCode:ThrottlingException", throttled.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_provisioning_service_assigns_the_hub_and_refuses_a_stranger()
    {
        const string Scope = "0ne00AABBCC";
        await using var hub = await FakeIotHub.StartAsync(cancellationToken: Token);
        var key = hub.AddDevice(Device).Split("SharedAccessKey=")[1];
        hub.Enrol(Device, Scope);
        await using var device = await RegisterAsync(hub, Scope, key);
        Assert.Equal(0, await device.WaitForExitAsync(Deadline, Token));
        Assert.Equal((hub.HostName, Device), ((string?)Said(device, "assigned")["hub"], (string?)Said(device, "assigned")["device"]));

        await using var stranger = await RegisterAsync(hub, Scope, Convert.ToBase64String(new byte[32]));
        Assert.Equal(1, await stranger.WaitForExitAsync(Deadline, Token));
        Assert.Contains("not authorized", stranger.Output, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<TestProcess> RegisterAsync(FakeIotHub hub, string scope, string key)
    {
        var folder = await NodePackages.InstallAsync("iothub-device", Token);
        return TestProcess.Start(TestProcess.Find("node")!, [Path.Combine(folder, "register.js")], new Dictionary<string, string?>
        {
            ["NODE_EXTRA_CA_CERTS"] = hub.AuthorityFile, ["HOST"] = hub.HostName, ["ID_SCOPE"] = scope, ["DEVICE"] = Device, ["KEY"] = key,
        });
    }

    private static async Task<TestProcess> StartAsync(FakeIotHub hub, string connectionString, string steps, IdentityFiles? identity = null)
    {
        var folder = await NodePackages.InstallAsync("iothub-device", Token);
        return TestProcess.Start(TestProcess.Find("node")!, [Path.Combine(folder, "device.js")], new Dictionary<string, string?>
        {
            ["NODE_EXTRA_CA_CERTS"] = hub.AuthorityFile,
            ["CONNECTION_STRING"] = connectionString, ["STEPS"] = steps, ["CERTIFICATE"] = identity?.Certificate, ["KEY"] = identity?.Key,
        });
    }

    private static JsonNode Said(TestProcess device, string what) => device.Output.Split('\n').Where(line => line.StartsWith('{'))
        .Select(line => JsonNode.Parse(line)!).Last(line => (string?)line["what"] == what)["value"]!;
}
