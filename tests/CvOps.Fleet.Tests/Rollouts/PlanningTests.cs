using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>Plans, groups and shifts over real HTTP, against a real fleet of four devices at the site <c>plant</c>.</summary>
public sealed class PlanningTests
{
    private const string Yaml = """
        name: staged
        model: line@2
        select: device in (line-1,line-2,line-3)
        strata: [colour]
        rings:
          - {name: canary, count: 1}
          - {name: rest, percent: 100}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<(HttpStatusCode Status, string Body)> Post(RolloutLine line, string path, string yaml)
    {
        var answer = await line.Fleet.Http.PostAsync(path, new StringContent(yaml, Encoding.UTF8, "application/yaml"), Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task<PlanCheck> Check(RolloutLine line, string yaml) => JsonSerializer.Deserialize((await Post(line, "rollouts/check", yaml)).Body, ContractsJson.Default.PlanCheck)!;

    private static async Task<string> Refused<T>(RolloutLine line, string path, T body, JsonTypeInfo<T> type)
    {
        var answer = await line.Fleet.Http.PutAsJsonAsync(path, body, type, Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("detail").GetString()!;
    }

    [Fact]
    public async Task A_plan_in_yaml_is_checked_without_starting_anything_and_then_started()
    {
        await using var line = await RolloutLine.StartAsync(devices: 4);
        await line.Fleet.Http.PutAsJsonAsync("devices/line-3/labels", new LabelsChange(new Dictionary<string, string?> { ["colour"] = "red" }), ContractsJson.Default.LabelsChange, Cancel);

        var check = await Check(line, Yaml);
        Assert.Empty(check.Mistakes);
        Assert.Equal(line.New, check.Model);
        Assert.Equal(line.New.Digest, check.Plan!.Model);
        Assert.Equal([1, 2], check.Rings.Select(ring => ring.Devices));
        Assert.Equal((2, 2), (check.Coverage!.Strata, check.Coverage.Rings[1].StrataSoFar));
        Assert.Equal(2, check.Rings[1].Tell);
        Assert.Empty((await line.Fleet.Http.GetFromJsonAsync("rollouts", ContractsJson.Default.RolloutViewArray, Cancel))!);

        var waiting = await Check(line, Yaml + "\nwindows: [{days: [mo,tu,we,th,fr,sa,su], from: 00:00, to: 00:01}]\nstarts-at: 2200-01-01T00:00Z");
        Assert.Contains("2 devices wait for its start", waiting.Rings[1].Waits, StringComparison.Ordinal);

        var (status, body) = await Post(line, "rollouts", Yaml);
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(line.New.Digest, JsonSerializer.Deserialize(body, ContractsJson.Default.RolloutView)!.Plan.Model);
        Assert.Contains("in rollout 'staged'", Assert.Single((await Check(line, Yaml)).Mistakes).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_of_the_text_and_of_the_fleet_have_their_lines()
    {
        await using var line = await RolloutLine.StartAsync(devices: 2);
        var (status, body) = await Post(line, "rollouts", Yaml.Replace("line@2", "lime@2", StringComparison.Ordinal).Replace("count: 1", "cuont: 1", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var detail = JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()!;
        Assert.Contains("(2,1) model: The registry has no model called 'lime'; did you mean 'line'?", detail, StringComparison.Ordinal);
        Assert.Contains("did you mean 'count'?", detail, StringComparison.Ordinal);

        Assert.Equal("(3,1) select: No device is called 'line-3'; did you mean 'line-1'?", Assert.Single((await Check(line, Yaml)).Mistakes).ToString());
        Assert.Contains("Model line has no version '9'; there are", string.Join(' ', (await Check(line, Yaml.Replace("line@2", "line@9", StringComparison.Ordinal))).Mistakes), StringComparison.Ordinal);
        var all = (await Check(line, "name: x\nmodel: " + line.New.Digest[..12] + "\nselect: site=plant\nrings: [{name: all, percent: 100}]")).Mistakes;
        Assert.Contains("matches every one of the fleet's 2 devices", Assert.Single(all).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_are_lists_or_selectors_and_selectors_know_them()
    {
        await using var line = await RolloutLine.StartAsync(devices: 3);
        Task<HttpResponseMessage> Set(string name, GroupRequest request) => line.Fleet.Http.PutAsJsonAsync($"groups/{name}", request, ContractsJson.Default.GroupRequest, Cancel);
        Assert.Equal(HttpStatusCode.OK, (await Set("pilots", new GroupRequest([new DeviceId("line-2")]))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Set("others", new GroupRequest(Select: "device!=line-2"))).StatusCode);

        var groups = (await line.Fleet.Http.GetFromJsonAsync("groups", ContractsJson.Default.GroupViewArray, Cancel))!;
        Assert.Equal(["others: line-1 line-3", "pilots: line-2"], groups.Select(group => $"{group.Name}: {string.Join(' ', group.Members)}"));
        var devices = await line.Fleet.Http.GetFromJsonAsync("devices?select=group%3Dothers,device!%3Dline-3", ContractsJson.Default.DeviceViewArray, Cancel);
        Assert.Equal("line-1", Assert.Single(devices!).Id.Value);

        Assert.Contains("No device is called 'line-9'", await Refused(line, "groups/x", new GroupRequest([new DeviceId("line-9")]), ContractsJson.Default.GroupRequest), StringComparison.Ordinal);
        Assert.Contains("did you mean 'device'?", await Refused(line, "groups/x", new GroupRequest(Select: "devise=line-1"), ContractsJson.Default.GroupRequest), StringComparison.Ordinal);
        Assert.Contains("exactly one of the two", await Refused(line, "groups/x", new GroupRequest(), ContractsJson.Default.GroupRequest), StringComparison.Ordinal);
        Assert.Contains("may not ask for groups", await Refused(line, "groups/x", new GroupRequest(Select: "group=pilots"), ContractsJson.Default.GroupRequest), StringComparison.Ordinal);
        Assert.Contains("fleet's groups", await Refused(line, "devices/line-1/labels", new LabelsChange(new Dictionary<string, string?> { ["group"] = "a" }), ContractsJson.Default.LabelsChange), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await line.Fleet.Http.GetAsync("devices?select=", Cancel)).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await line.Fleet.Http.DeleteAsync("groups/pilots", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await line.Fleet.Http.DeleteAsync("groups/pilots", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await line.Fleet.Http.GetAsync("devices?select=group%3Dpilots", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_window_of_a_shift_needs_the_sites_shifts()
    {
        await using var line = await RolloutLine.StartAsync(devices: 4);
        const string shifted = Yaml + "\nwindows: [{shift: night}]";
        Assert.Contains("No window opens for the 3 devices at plant: they would wait for shift night", Assert.Single((await Check(line, shifted)).Mistakes).Problem, StringComparison.Ordinal);

        var shifts = new SiteShifts(new SiteId("plant"), "Europe/Berlin", [new Shift("night", "22:00", "06:00", ["mo"])]);
        Assert.Contains("25:00", await Refused(line, "sites/plant/shifts", shifts with { Shifts = [new Shift("night", "25:00", "06:00")] }, ContractsJson.Default.SiteShifts), StringComparison.Ordinal);
        Assert.Contains("did you mean 'plant'?", await Refused(line, "sites/plent/shifts", shifts with { Site = new SiteId("plent") }, ContractsJson.Default.SiteShifts), StringComparison.Ordinal);
        Assert.True((await line.Fleet.Http.PutAsJsonAsync("sites/plant/shifts", shifts, ContractsJson.Default.SiteShifts, Cancel)).IsSuccessStatusCode);
        Assert.Empty((await Check(line, shifted)).Mistakes);
        Assert.Equal("night", Assert.Single(Assert.Single((await line.Fleet.Http.GetFromJsonAsync("sites/shifts", ContractsJson.Default.SiteShiftsArray, Cancel))!).Shifts).Name);
    }
}
