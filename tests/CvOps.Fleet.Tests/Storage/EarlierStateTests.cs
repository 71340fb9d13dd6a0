using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Storage;

/// <summary>What a fleet of before left is taken up by this one, nothing of it lost.</summary>
[Trait("tier", "integration")]
public sealed class EarlierStateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("schema-26")]
    public async Task A_fleet_goes_on_where_an_earlier_version_stopped(string state)
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        Assert.SkipWhen(fleet.Options.Cluster is not null, "The published packages keep state elsewhere: such a fleet comes over by export and import.");
        EarlierState.Unpack(state, fleet.InFolder("earlier"));
        Directory.Move(fleet.InFolder(Path.Combine("earlier", "fleet")), fleet.Options.Data);
        foreach (var key in Directory.GetFiles(fleet.InFolder(Path.Combine("earlier", "trusted-keys")))) File.Copy(key, Path.Combine(fleet.Options.TrustedKeys!, $"earlier-{Path.GetFileName(key)}"));
        await fleet.StartFleetAsync();

        var database = fleet.Services.GetRequiredService<Database>();
        Assert.Equal(Migrations.Newest, await database.ReadAsync(connection => connection.ExecuteScalar<int>("PRAGMA user_version"), Cancel));
        Assert.True((await fleet.Services.GetRequiredService<Audit>().VerifyAsync(Cancel)).Whole);
        var devices = (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Cancel))!;
        Assert.Equal(["device-1", "device-2", "device-3"], devices.Select(device => device.Id.Value).Order());
        Assert.All(devices, device => Assert.Equal("line", device.Reported?.Model.Active?.Name));
        // Rollouts are grains: their state comes from the other database.
        var rollouts = (await fleet.Http.GetFromJsonAsync("rollouts", ContractsJson.Default.RolloutViewArray, Cancel))!;
        Assert.Equal([("rollout-1", RolloutState.Completed), ("rollout-2", RolloutState.Paused)], rollouts.Select(rollout => (rollout.Id, rollout.State)).Order());
        Assert.Equal(["v1", "v2"], (await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, Cancel))!.Select(model => model.Model.Version).Order());

        var frames = (await fleet.Http.GetFromJsonAsync("frames?state=Unlabelled&limit=1", ContractsJson.Default.FramePage, Cancel))!;
        Assert.Equal((366, 350), (frames.Unlabelled, frames.Labelled));
        var dataset = Assert.Single((await fleet.Http.GetFromJsonAsync("datasets", ContractsJson.Default.DatasetViewArray, Cancel))!);
        Assert.Equal(dataset.Frames, (await fleet.Http.GetFromJsonAsync($"datasets/{dataset.Digest}?limit=500", ContractsJson.Default.DatasetDetail, Cancel))!.Entries.Count);
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.GetAsync("frames/import-a05f57ca17c571ae250bc74a/image", Cancel)).StatusCode);

        // And it is worked on.
        var waiting = frames.Frames[0].Id;
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PutAsJsonAsync($"frames/{waiting}/label", new LabelRequest("ok", "operator"), ContractsJson.Default.LabelRequest, Cancel)).StatusCode);
        var history = (await fleet.Http.GetFromJsonAsync($"frames/{waiting}/labels", ContractsJson.Default.FrameLabels, Cancel))!;
        Assert.Equal("operator", history.History[^1].By);
        Task<long> NewestAsync() => database.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT max(cursor) FROM inspections WHERE device = 'device-1'"), Cancel);
        var before = await NewestAsync();
        await using var device = await fleet.ConnectDeviceAsync("device-1", boot: 2);
        await device.SendAsync(device.Inspection());
        await FleetHost.UntilAsync(async () => await NewestAsync() > before, "what the device says after its next start");
    }
}
