using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Tests.Access.Sessions;
using CvOps.Fleet.Training.Policy;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>Over HTTP, with people who signed in.</summary>
[Trait("tier", "integration")]
public sealed class FourEyesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_wrote_a_plan_lets_it_go_at_no_step_and_another_person_does_under_both_names()
    {
        await using var line = await RolloutLine.StartAsync(1);
        using var early = await Browser.NewAsync(line.Fleet, "early", new RoleGrant(Role.Operator), new RoleGrant(Role.Approver));
        using var late = await Browser.NewAsync(line.Fleet, "late", new RoleGrant(Role.Approver));
        using var night = await Browser.NewAsync(line.Fleet, "night", new RoleGrant(Role.Operator));
        var plan = line.Plan(new RolloutRing("canary", 1)) with { FourEyes = true };
        Assert.Contains("nobody would be", await ReadAsync(await PostAsync(early, "rollouts", plan), HttpStatusCode.UnprocessableEntity), StringComparison.Ordinal);

        plan = plan with { Rings = [new RolloutRing("canary", 1) { Approval = true }] };
        await ReadAsync(await PostAsync(early, "rollouts?draft=true&by=late", plan), HttpStatusCode.Created);
        // Whatever the request claims, the name is the session's.
        Assert.Equal((RolloutState.Draft, "early"), ((await line.ReadAsync()).State, (await line.ReadAsync()).CreatedBy));
        Assert.Contains("early is behind this plan", await ReadAsync(await ActAsync(early, "start"), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        Assert.Contains("right to approve", await ReadAsync(await ActAsync(night, "start"), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        Assert.Contains("is none", await ReadAsync(await line.ActAsync("start", "late"), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        Assert.Equal(RolloutState.Draft, (await line.ReadAsync()).State);

        await ReadAsync(await ActAsync(late, "start"), HttpStatusCode.OK);
        await line.UntilAsync(RolloutState.AwaitingApproval);
        await ReadAsync(await ActAsync(early, "approve"), HttpStatusCode.Forbidden);
        await ReadAsync(await ActAsync(late, "approve"), HttpStatusCode.OK);
        await RolloutLine.UntilDesiredAsync(line.Devices[0], line.New, compare: true);

        var page = await late.PageAsync("/rollouts/rollout-1");
        Assert.Contains("Planned by early; another person says go", page, StringComparison.Ordinal);
        Assert.Contains("by late", page, StringComparison.Ordinal);
        var said = (await line.Fleet.Services.GetRequiredService<Audit>().ReadAsync(0, 1000, Cancel)).Entries.Where(entry => entry.Subject == "rollout-1").ToArray();
        Assert.Contains(said, entry => entry is { By: "early", Action: "rollout.drafted" });
        Assert.Contains(said, entry => entry.By == "late" && entry.Detail.Contains("approve: a test", StringComparison.Ordinal));
        Assert.DoesNotContain(said, entry => entry.By == "early" && entry.Detail.Contains("approve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_changes_a_plan_is_its_author_from_then_on()
    {
        await using var line = await RolloutLine.StartAsync(1);
        using var early = await Browser.NewAsync(line.Fleet, "early", new RoleGrant(Role.Admin));
        using var late = await Browser.NewAsync(line.Fleet, "late", new RoleGrant(Role.Admin));
        var plan = line.Plan(new RolloutRing("canary", 1)) with { FourEyes = true };
        await ReadAsync(await PostAsync(early, "rollouts?draft=true", plan), HttpStatusCode.Created);
        await ReadAsync(await late.SendAsync(HttpMethod.Put, "api/v1/rollouts/rollout-1", JsonContent.Create(plan with { Name = "changed" }, ContractsJson.Default.RolloutPlan), form: late.FormToken), HttpStatusCode.OK);
        Assert.Contains("late is behind this plan", await ReadAsync(await ActAsync(late, "start"), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        await ReadAsync(await ActAsync(early, "start"), HttpStatusCode.OK);
    }

    [Fact]
    public async Task Where_every_plan_asks_for_four_eyes_a_promotion_by_hand_does_too()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.FourEyes = true);
        using var early = await Browser.NewAsync(fleet, "early", new RoleGrant(Role.Admin));
        using var late = await Browser.NewAsync(fleet, "late", new RoleGrant(Role.Approver));
        using var night = await Browser.NewAsync(fleet, "night", new RoleGrant(Role.Operator));
        var package = new ByteArrayContent(await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("1.cvmodel"), fleet.SigningKey), Cancel));
        using var registered = await early.SendAsync(HttpMethod.Post, "api/v1/models", package, form: early.FormToken);
        var model = (await registered.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, Cancel))!.Model;

        Assert.Contains("early is behind this model", await ReadAsync(await PromoteAsync(early, model.Digest), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        Assert.Contains("right to approve", await ReadAsync(await PromoteAsync(night, model.Digest), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        using (var program = await fleet.Http.PutAsJsonAsync("aliases/line/champion", new AliasRequest(model.Digest, "late", "x"), ContractsJson.Default.AliasRequest, Cancel))
            Assert.Contains("is none", await ReadAsync(program, HttpStatusCode.Forbidden), StringComparison.Ordinal);
        await ReadAsync(await PromoteAsync(late, model.Digest), HttpStatusCode.OK);
        var history = (await fleet.Http.GetFromJsonAsync("models/history?name=line", ContractsJson.Default.ModelEventArray, Cancel))!;
        Assert.Equal(["late", "early"], history.Select(step => step.By));
    }

    [Fact]
    public async Task What_was_trained_by_itself_is_promoted_by_neither_who_set_the_policy_nor_who_asked_for_it()
    {
        await using var fleet = await FleetHost.StartAsync(options => options.FourEyes = true);
        var model = new ModelRef("line", "retrained-1", new string('c', 64));
        await fleet.Services.GetRequiredService<Database>().WriteAsync(connection =>
        {
            var entry = new RetrainingEntry
            {
                Id = "retraining-1", Model = "line", StartedAt = DateTimeOffset.UtcNow, Evidence = [new RetrainingEvidence(RetrainingTrigger.Person, DateTimeOffset.UtcNow, "early: a new supplier")],
                State = RetrainingState.Passed, Reason = "", NewLabels = 1, Version = "retrained-1",
            };
            RetrainingTable.Begin(connection, entry, new RetrainingPolicy { Model = "line", By = "night" }, []);
            ModelTables.Note(connection, new ModelEvent(0, DateTimeOffset.UtcNow, "retraining-1", ModelEventKind.Registered, "line", null, model, null, "", null, null, []));
            return true;
        }, Cancel);
        foreach (var (name, let) in new[] { ("early", false), ("night", false), ("late", true) })
        {
            using var person = await Browser.NewAsync(fleet, name, new RoleGrant(Role.Approver));
            // Who is let gets as far as the registry, which has no file of it.
            await ReadAsync(await PromoteAsync(person, model.Digest), let ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task Elsewhere_a_promotion_is_an_operator_s_work()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var late = await Browser.NewAsync(fleet, "late", new RoleGrant(Role.Approver));
        using var night = await Browser.NewAsync(fleet, "night", new RoleGrant(Role.Operator));
        var model = await RolloutLine.RegisterAsync(fleet, "1");
        Assert.Contains("right to operate", await ReadAsync(await PromoteAsync(late, model.Digest), HttpStatusCode.Forbidden), StringComparison.Ordinal);
        await ReadAsync(await PromoteAsync(night, model.Digest), HttpStatusCode.OK);
    }

    private static Task<HttpResponseMessage> PostAsync(Browser browser, string path, RolloutPlan plan) => browser.SendAsync(HttpMethod.Post, $"api/v1/{path}", JsonContent.Create(plan, ContractsJson.Default.RolloutPlan), form: browser.FormToken);

    private static Task<HttpResponseMessage> ActAsync(Browser browser, string verb) =>
        browser.SendAsync(HttpMethod.Post, $"api/v1/rollouts/rollout-1/{verb}", JsonContent.Create(new RolloutAction("somebody", "a test"), ContractsJson.Default.RolloutAction), form: browser.FormToken);

    private static Task<HttpResponseMessage> PromoteAsync(Browser browser, string digest) =>
        browser.SendAsync(HttpMethod.Put, "api/v1/aliases/line/champion", JsonContent.Create(new AliasRequest(digest, "somebody", "a test"), ContractsJson.Default.AliasRequest), form: browser.FormToken);

    private static async Task<string> ReadAsync(HttpResponseMessage answer, HttpStatusCode wanted)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == wanted, $"{answer.StatusCode}, not {wanted}: {text}");
        return text;
    }
}
