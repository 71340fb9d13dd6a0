using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>What becomes of a rollout whose payload is lost or revoked while it runs.</summary>
public sealed class RolloutPayloadTests
{
    private static readonly RolloutRing[] TwoRings = [new("canary", Devices: [new DeviceId("line-1")]), new("rest", Percent: 100)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rollout_whose_package_is_gone_from_the_registry_pauses_and_goes_on_when_it_is_there_again()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        var database = line.Fleet.Services.GetRequiredService<Database>();
        Assert.Equal(1, await database.WriteAsync(connection => connection.Execute("DELETE FROM models WHERE digest = @Digest", new { line.New.Digest }), Ct));
        var paused = await line.UntilAsync(RolloutState.Paused);
        Assert.Equal($"the registry has lost {line.New.Name} {line.New.Version} ({line.New.Digest}): register it again, then resume", paused.Reason);
        Assert.Equal("PayloadMissing", paused.History[^1].Trigger);
        await line.InspectAsync(line.Devices[0], 150);
        await line.UntilAsync(view => view.Evidence.Parts == 150, "the canary's parts");
        Assert.Null(line.Devices[1].Desired);

        var package = await File.ReadAllBytesAsync(line.Fleet.InFolder("2.cvmodel"), Ct);
        Assert.True((await line.Fleet.Http.PostAsync("models", new ByteArrayContent(package), Ct)).IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("resume")).StatusCode);
        await line.TakeOverAsync(line.Devices[1]);
    }

    [Fact]
    public async Task A_rollout_whose_packages_file_is_lost_pauses_and_says_so_and_no_other_is_begun_with_it()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        File.Delete(line.Fleet.Services.GetRequiredService<BlobStore>().PathOf(line.New.Digest));

        var paused = await line.UntilAsync(RolloutState.Paused);
        Assert.Equal($"the registry has lost {line.New.Name} {line.New.Version} ({line.New.Digest}): register it again, then resume", paused.Reason);
        var refused = await line.Fleet.Http.PostAsJsonAsync("rollouts", line.Plan(TwoRings), ContractsJson.Default.RolloutPlan, Ct);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("The fleet has lost the file of", await refused.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);

        var package = await File.ReadAllBytesAsync(line.Fleet.InFolder("2.cvmodel"), Ct);
        Assert.True((await line.Fleet.Http.PostAsync("models", new ByteArrayContent(package), Ct)).IsSuccessStatusCode);
        await line.InspectAsync(line.Devices[0], 150);
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("resume")).StatusCode);
        await line.TakeOverAsync(line.Devices[1]);
    }

    [Fact]
    public async Task A_model_that_is_revoked_in_mid_rollout_is_taken_back_and_nobody_else_gets_it()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(TwoRings));
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(line.Devices[0], 7);
        await line.UntilAsync(view => view.Evidence.Parts == 7, "the canary's parts");
        var answer = await line.Fleet.Http.PostAsJsonAsync($"models/{line.New.Digest}/revoke", new RevokeModelRequest("ann", "trained on mislabelled parts"), ContractsJson.Default.RevokeModelRequest, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.Old, compare: false);
        await RolloutLine.ReportAsync(line.Devices[0], line.Old, null, UpdateState.RolledBack);
        var ended = await line.UntilAsync(RolloutState.RolledBack);
        Assert.StartsWith("stopped: the model was revoked in the registry: trained on mislabelled parts (ann); 7 parts were exposed", ended.Reason, StringComparison.Ordinal);
        Assert.Contains(ended.History, step => step is { From: RolloutState.Soaking, To: RolloutState.Stopping, Trigger: "PayloadRevoked" });
        Assert.Null(line.Devices[1].Desired);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await line.Fleet.Http.PostAsJsonAsync("rollouts", line.Plan(TwoRings), ContractsJson.Default.RolloutPlan, Ct)).StatusCode);
    }
}
