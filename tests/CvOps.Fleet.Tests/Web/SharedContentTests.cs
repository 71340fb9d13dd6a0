using System.Net;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tests.Access.Sessions;

namespace CvOps.Fleet.Tests.Web;

/// <summary>What open pages fetch anew is rendered once for all with equal rights.</summary>
[Trait("tier", "integration")]
public sealed class SharedContentTests : IAsyncLifetime
{
    private const string Header = "X-CvOps-Content";

    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync();

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Fact]
    public async Task Whoever_shows_it_already_is_told_so_and_nothing_in_it_is_of_one_visitor()
    {
        using var first = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        using var second = await Browser.NewAsync(_fleet, "late", new RoleGrant(Role.Operator));
        foreach (var path in (string[])["/", "/devices", "/rollouts", "/drift", "/alerts"])
        {
            var (status, tag, content) = await AskAsync(first, path, "-");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains("<main id=\"content\"", content, StringComparison.Ordinal);
            Assert.StartsWith("<title>", content, StringComparison.Ordinal);
            Assert.DoesNotContain("form-token", content, StringComparison.Ordinal);
            Assert.DoesNotContain("early", content, StringComparison.Ordinal);
            // Nothing happens in this fleet but what it looks at by itself: within a few tries nothing has.
            await FleetHost.UntilAsync(async () =>
            {
                (_, tag, _) = await AskAsync(first, path, tag);
                return await AskAsync(second, path, tag) is (HttpStatusCode.NoContent, var same, "") && same == tag;
            }, $"{path} is the same for both");
        }
        // What is somebody's own is never shared, whatever is asked for.
        Assert.Contains("form-token", (await AskAsync(first, "/settings", "-")).Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_changed_is_there_for_whoever_is_told_of_it()
    {
        using var browser = await Browser.NewAsync(_fleet, "early", new RoleGrant(Role.Operator));
        var (_, tag, before) = await AskAsync(browser, "/devices", "-");
        Assert.DoesNotContain("press-7", before, StringComparison.Ordinal);
        await using var device = await _fleet.ConnectDeviceAsync("press-7");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await AskAsync(browser, "/devices", tag)).Content.Contains("press-7", StringComparison.Ordinal), "the device is in the content");
    }

    [Fact]
    public async Task Other_rights_have_a_content_of_their_own()
    {
        await using var device = await _fleet.ConnectDeviceAsync("press-7");
        await device.SayOnlineAsync();
        using var all = await Browser.NewAsync(_fleet, "all", new RoleGrant(Role.Viewer));
        using var ulm = await Browser.NewAsync(_fleet, "ulm", new RoleGrant(Role.Viewer, "ulm"));
        await FleetHost.UntilAsync(async () => (await AskAsync(all, "/devices", "-")).Content.Contains("press-7", StringComparison.Ordinal), "the device is known");
        var (_, tag, _) = await AskAsync(all, "/devices", "-");
        var (status, _, content) = await AskAsync(ulm, "/devices", tag);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain("press-7", content, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Tag, string Content)> AskAsync(Browser browser, string path, string shown)
    {
        using var answer = await browser.GetAsync(path, (Header, shown));
        return (answer.StatusCode, answer.Headers.TryGetValues(Header, out var tags) ? tags.Single() : "", await answer.Content.ReadAsStringAsync(Cancel));
    }
}
