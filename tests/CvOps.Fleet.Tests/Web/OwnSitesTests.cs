using System.Net;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Access.Sessions;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Web;

/// <summary>Whoever may read some sites sees their devices alone, also where devices are listed and looked for.</summary>
[Trait("tier", "integration")]
public sealed class OwnSitesTests : IAsyncLifetime
{
    private FleetHost _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _fleet = await FleetHost.StartAsync();
        await _fleet.Services.GetRequiredService<Database>().WriteAsync(connection => connection.Execute(
            "INSERT INTO devices (id, site, online, last_seen) VALUES ('press-1', 'ulm', 1, 1), ('press-2', 'ulm', 0, 1), ('press-3', 'berlin', 1, 1)"), Cancel);
        // Rows of before a start are read as it starts.
        await _fleet.RestartFleetAsync();
    }

    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    [Theory]
    [InlineData("/devices")]
    [InlineData("/devices?q=press")]
    [InlineData("/devices?select=site%20in%20(ulm,berlin)")]
    public async Task The_list_of_devices_has_those_of_the_visitors_sites(string page)
    {
        using var ulm = await Browser.NewAsync(_fleet, "ulm", new RoleGrant(Role.Viewer, "ulm"));
        var html = await ulm.PageAsync(page);
        Assert.Contains("devices/press-1", html, StringComparison.Ordinal);
        Assert.Contains("devices/press-2", html, StringComparison.Ordinal);
        Assert.DoesNotContain("press-3", html, StringComparison.Ordinal);
        using var all = await Browser.NewAsync(_fleet, "all", new RoleGrant(Role.Viewer));
        Assert.Contains("devices/press-3", await all.PageAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_search_finds_devices_of_the_visitors_sites()
    {
        using var berlin = await Browser.NewAsync(_fleet, "berlin", new RoleGrant(Role.Operator, "berlin"));
        var found = await berlin.PageAsync("/find?q=press");
        Assert.Contains("devices/press-3", found, StringComparison.Ordinal);
        Assert.DoesNotContain("press-1", found, StringComparison.Ordinal);
        using var all = await Browser.NewAsync(_fleet, "all", new RoleGrant(Role.Viewer));
        Assert.Contains("devices/press-1", await all.PageAsync("/find?q=press"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_navigation_offers_what_the_visitor_may_open_and_each_of_it_opens()
    {
        using var ulm = await Browser.NewAsync(_fleet, "ulm", new RoleGrant(Role.Viewer, "ulm"));
        var page = await ulm.PageAsync("/devices");
        var offered = System.Text.RegularExpressions.Regex.Matches(page[..page.IndexOf("<header", StringComparison.Ordinal)], "<li><a href=\"([^\"]*)\"").Select(match => match.Groups[1].Value).ToArray();
        Assert.Contains("devices", offered);
        Assert.DoesNotContain("audit", offered);
        Assert.DoesNotContain("deadletters", offered);
        foreach (var path in offered) Assert.Equal(HttpStatusCode.OK, (await ulm.GetAsync($"/{path}")).StatusCode);
        Assert.DoesNotContain("Dead letters", await ulm.PageAsync("/find?q=dead"), StringComparison.Ordinal);

        using var all = await Browser.NewAsync(_fleet, "all", new RoleGrant(Role.Operator));
        Assert.Contains("href=\"audit\"", await all.PageAsync("/devices"), StringComparison.Ordinal);
    }
}
