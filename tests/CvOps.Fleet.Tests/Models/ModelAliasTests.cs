using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Rollouts;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Models;

public sealed class ModelAliasTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alias_points_to_a_version_and_every_move_is_in_the_history_with_who_and_why()
    {
        await using var line = await RolloutLine.StartAsync(0);
        Assert.Equal(HttpStatusCode.OK, (await MoveAsync(line, "golden", line.Old, "the set of 4 May is its work")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await MoveAsync(line, "golden", line.New, "better on dents")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await MoveAsync(line, "golden", line.New, "again")).StatusCode);
        await line.Fleet.RestartFleetAsync();
        var alias = Assert.Single((await line.Fleet.Http.GetFromJsonAsync("aliases?name=line", ContractsJson.Default.AliasViewArray, Ct))!);
        Assert.Equal(("line", "golden", line.New, "operator", "better on dents"), (alias.Name, alias.Alias, alias.Model, alias.By, alias.Reason));
        Assert.Equal(["golden"], (await line.Fleet.Http.GetFromJsonAsync($"models/{line.New.Digest}", ContractsJson.Default.ModelView, Ct))!.Aliases);
        Assert.Equal(HttpStatusCode.NoContent, (await MoveAsync(line, "golden", null, "no longer used")).StatusCode);

        var history = await HistoryAsync(line);
        Assert.Equal(
            [(ModelEventKind.AliasRemoved, null, "2", "no longer used"), (ModelEventKind.AliasMoved, "2", "1", "better on dents"), (ModelEventKind.AliasMoved, "1", null, "the set of 4 May is its work"),
                (ModelEventKind.Registered, "2", null, history[3].Reason), (ModelEventKind.Registered, "1", null, history[4].Reason)],
            history.Select(entry => (entry.Kind, entry.Model?.Version, entry.Previous?.Version, entry.Reason)));
        // What was decided can't be rewritten, not even by whoever has the database.
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => line.Fleet.Services.GetRequiredService<Database>().WriteAsync(connection => connection.Execute("DELETE FROM model_history"), Ct));
    }

    [Fact]
    public async Task An_alias_that_would_mean_two_things_or_nothing_is_refused()
    {
        await using var line = await RolloutLine.StartAsync(0);
        Assert.Equal("There is a version '2' of line, so line@2 means that.", await RefusedAsync(MoveAsync(line, "2", line.Old, "x")));
        Assert.Equal("'a b' is no name for an alias: letters, digits, '-', '_' and '.', at most 64.", await RefusedAsync(MoveAsync(line, "a b", line.Old, "x")));
        Assert.Equal("Say who (by) and why (reason): both go into the model's history.", await RefusedAsync(MoveAsync(line, "golden", line.Old, " ")));
        Assert.Equal("Model line has no alias 'golden'.", await RefusedAsync(MoveAsync(line, "golden", null, "x")));
        Assert.Equal($"The registry has no model '{new string('a', 64)}': register its package first.", await RefusedAsync(MoveAsync(line, "golden", new ModelRef("line", "9", new string('a', 64)), "x")));
        Assert.Equal($"{line.Old.Digest} is line 1, and the alias is one of steel.", await RefusedAsync(line.Fleet.Http.PutAsJsonAsync("aliases/steel/golden", new AliasRequest(line.Old.Digest, "operator", "x"), ContractsJson.Default.AliasRequest, Ct)));
    }

    [Fact]
    public async Task A_completed_rollout_makes_its_model_champion_and_one_that_is_rolled_back_gives_that_back()
    {
        await using var line = await RolloutLine.StartAsync(1);
        await MoveAsync(line, "champion", line.Old, "the first");
        await line.CreateAsync(line.Plan([new("all", Percent: 100)]) with { Model = "line@2" });
        await AliasAsync(line, "challenger", line.New);
        await line.TakeOverAsync(line.Devices[0]);
        await line.UntilAsync(RolloutState.Soaking);
        await line.InspectAsync(line.Devices[0], 150);
        var done = await line.UntilAsync(RolloutState.Completed);
        await AliasAsync(line, "champion", line.New);
        await AliasAsync(line, "challenger", null);
        var promotion = (await HistoryAsync(line)).Single(entry => entry is { Alias: "champion", Model.Version: "2" });
        Assert.Equal(("rollout-1", "1", done.Reason, "rollout 'second' is completed"), (promotion.Rollout, promotion.Previous?.Version, promotion.Evidence, promotion.Reason));
        // Nothing is promoted twice.
        await line.Fleet.RestartFleetAsync();
        Assert.Equal(HttpStatusCode.OK, (await line.ActAsync("rollback")).StatusCode);
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.Old, compare: false);
        await RolloutLine.ReportAsync(line.Devices[0], line.Old, null, UpdateState.RolledBack);
        await line.UntilAsync(RolloutState.RolledBack);
        await AliasAsync(line, "champion", line.Old);
        Assert.Equal(3, (await HistoryAsync(line)).Count(entry => entry.Alias == "champion"));
    }

    [Fact]
    public async Task A_rollout_of_what_was_champion_already_does_not_make_it_that_again_after_a_restart()
    {
        await using var line = await RolloutLine.StartAsync(0);
        await RolloutAsync(1, line.New, RolloutState.Completed);
        await AliasAsync(line, "champion", line.New);
        await RolloutAsync(2, line.New, RolloutState.Completed);
        await RolloutAsync(3, line.Old, RolloutState.Completed);
        await AliasAsync(line, "champion", line.Old);
        await line.Fleet.RestartFleetAsync();
        // The oldest are looked at first: by then the others were.
        await RolloutAsync(4, line.New, RolloutState.Soaking);
        await AliasAsync(line, "challenger", line.New);
        await AliasAsync(line, "champion", line.Old);
        Assert.Equal(["rollout-3", "rollout-2", "rollout-1"], (await HistoryAsync(line)).Where(entry => entry.Alias == "champion").Select(entry => entry.Rollout));

        async Task RolloutAsync(int number, ModelRef model, RolloutState state)
        {
            var id = $"rollout-{number}";
            await line.Fleet.Services.GetRequiredService<Database>().WriteAsync(connection =>
            {
                RolloutTable.Insert(connection, new RolloutRow(id, id, model.Digest, IsModel: true, state, Running: state != RolloutState.Completed, 0), number, DateTimeOffset.UnixEpoch);
                return 0;
            }, Ct);
            line.Fleet.Services.GetRequiredService<FleetEvents>().Publish("rollout", id);
        }
    }

    [Fact]
    public async Task A_revoked_model_cannot_be_rolled_out_and_a_rollout_that_runs_is_stopped()
    {
        await using var line = await RolloutLine.StartAsync(2);
        await line.CreateAsync(line.Plan(new RolloutRing("canary", Count: 1), new RolloutRing("rest", Percent: 100)));
        var canary = line.Devices.Single(device => device.Id == line.ReadAsync().GetAwaiter().GetResult().Devices[0].Device);
        await line.TakeOverAsync(canary);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await RevokeAsync(line, "")).StatusCode);
        var revoked = await (await RevokeAsync(line, "it was trained on last year's labels")).Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, Ct);
        Assert.Equal("it was trained on last year's labels", revoked!.Revoked?.Reason);
        await RolloutLine.UntilDesiredAsync(canary, line.Old, compare: false);
        await RolloutLine.ReportAsync(canary, line.Old, null, UpdateState.RolledBack);
        var view = await line.UntilAsync(RolloutState.RolledBack);
        Assert.Contains(view.History, step => step.Trigger == "PayloadRevoked" && step.Reason.Contains("the model was revoked in the registry: it was trained on last year's labels (operator)", StringComparison.Ordinal));

        var answer = await line.Fleet.Http.PostAsJsonAsync("rollouts", line.Plan([new("all", Percent: 100)]), ContractsJson.Default.RolloutPlan, Ct);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("line 2 was revoked by operator: it was trained on last year", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        Assert.Equal("line 2 is revoked: it was trained on last year's labels", await RefusedAsync(MoveAsync(line, "golden", line.New, "x")));
        // The first word stands.
        await RevokeAsync(line, "another reason");
        Assert.Single(await HistoryAsync(line), entry => entry.Kind == ModelEventKind.Revoked);
    }

    [Fact]
    public async Task Settings_are_kept_under_their_digest_and_once()
    {
        await using var fleet = await FleetHost.StartAsync();
        const string Text = "sampling:\n  frames-per-hour: 60\n";
        var added = await (await PushAsync(Text)).Content.ReadFromJsonAsync(ContractsJson.Default.ConfigurationView, Ct);
        Assert.Equal((DesiredConfiguration.DigestOf(Text), "night", Text), (added!.Digest, added.Name, added.Settings));
        Assert.Equal(HttpStatusCode.Created, (await PushAsync(Text)).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PushAsync(" ")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PushAsync(new string('#', Limits.ConfigurationCharacters + 1))).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fleet.Http.PostAsync("configurations?name=x", new ByteArrayContent([0xFF, 0xFE, 0xC0]), Ct)).StatusCode);
        var listed = Assert.Single((await fleet.Http.GetFromJsonAsync("configurations", ContractsJson.Default.ConfigurationViewArray, Ct))!);
        Assert.Null(listed.Settings);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("configurations/abc", Ct)).StatusCode);

        Task<HttpResponseMessage> PushAsync(string text) => fleet.Http.PostAsync("configurations?name=night", new StringContent(text), Ct);
    }

    private static Task<HttpResponseMessage> MoveAsync(RolloutLine line, string alias, ModelRef? to, string reason) =>
        line.Fleet.Http.PutAsJsonAsync($"aliases/line/{Uri.EscapeDataString(alias)}", new AliasRequest(to?.Digest, "operator", reason), ContractsJson.Default.AliasRequest, Ct);

    private static Task<HttpResponseMessage> RevokeAsync(RolloutLine line, string reason) =>
        line.Fleet.Http.PostAsJsonAsync($"models/{line.New.Digest}/revoke", new RevokeModelRequest("operator", reason), ContractsJson.Default.RevokeModelRequest, Ct);

    private static async Task<ModelEvent[]> HistoryAsync(RolloutLine line) => (await line.Fleet.Http.GetFromJsonAsync("models/history?name=line", ContractsJson.Default.ModelEventArray, Ct))!;

    private static async Task AliasAsync(RolloutLine line, string alias, ModelRef? points)
    {
        AliasView[] seen = [];
        await Eventually.Async(async () => (seen = (await line.Fleet.Http.GetFromJsonAsync("aliases", ContractsJson.Default.AliasViewArray, Ct))!).FirstOrDefault(view => view.Alias == alias)?.Model == points,
            TimeSpan.FromSeconds(20), () => string.Join(", ", seen.Select(view => $"{view}")), Ct);
    }

    private static async Task<string> RefusedAsync(Task<HttpResponseMessage> asked)
    {
        var answer = await asked;
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        using var problem = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));
        return problem.RootElement.GetProperty("detail").GetString()!;
    }
}
