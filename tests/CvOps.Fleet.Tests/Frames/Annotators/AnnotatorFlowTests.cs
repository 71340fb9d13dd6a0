using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Frames.Annotators;

public sealed class AnnotatorFlowTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_annotators_judge_a_frame_unseen_by_each_other_and_a_reviewer_settles_what_they_disagree_on()
    {
        await using var fleet = await FleetHost.StartAsync();
        Assert.Equal(1, (await GetAsync(fleet, "labels/policy", ContractsJson.Default.LabelPolicy)).Annotators);
        await PutAsync(fleet, "labels/policy", new LabelPolicyRequest(new LabelPolicy { Annotators = 2, GoldenAnnotators = 2 }, "lead"), ContractsJson.Default.LabelPolicyRequest);
        var clear = await ImportAsync(fleet, "clear");
        var moot = await ImportAsync(fleet, "moot");

        Assert.Equal((LabelState.Unlabelled, 1), Of(await LabelAsync(fleet, clear, new LabelRequest("dent", "Ann", Via: "page"))));
        Assert.Equal([moot], await WaitingAsync(fleet, "Ann"));
        Assert.Equal(2, (await WaitingAsync(fleet, "Bea")).Length);
        Assert.Equal((LabelState.Labelled, 2), Of(await LabelAsync(fleet, clear, new LabelRequest("dent", "Bea"))));

        await LabelAsync(fleet, moot, new LabelRequest("dent", "Ann"));
        Assert.Equal((LabelState.Review, 2), Of(await LabelAsync(fleet, moot, new LabelRequest("scratch", "Bea"))));
        var dispute = Assert.Single((await GetAsync(fleet, "labels/disputes", ContractsJson.Default.LabelDisputePage)).Disputes);
        Assert.Equal((moot, "The class: Ann says dent, Bea says scratch."), (dispute.Frame.Id, dispute.Why));
        Assert.Empty(await WaitingAsync(fleet, "Cem"));

        // Nothing of this hangs on memory.
        await fleet.RestartFleetAsync();
        Assert.Equal(LabelState.Labelled, (await LabelAsync(fleet, moot, new LabelRequest("scratch", "lead", Review: true))).State);
        Assert.Equal("scratch", (await LabelAsync(fleet, moot, new LabelRequest("dent", "Cem"))).Label!.Class);
        Assert.Empty((await GetAsync(fleet, "labels/disputes", ContractsJson.Default.LabelDisputePage)).Disputes);

        var history = (await GetAsync(fleet, $"frames/{moot}/labels", ContractsJson.Default.FrameLabels)).History;
        Assert.Equal([("Ann", LabelKind.Opinion), ("Bea", LabelKind.Opinion), ("Ann, Bea", LabelKind.Consensus), ("lead", LabelKind.Review), ("Cem", LabelKind.Opinion)], history.Select(entry => (entry.By, entry.Kind)));
        Assert.Equal("page", (await GetAsync(fleet, $"frames/{clear}/labels", ContractsJson.Default.FrameLabels)).History[0].Via);
        var agreement = await GetAsync(fleet, "labels/agreement", ContractsJson.Default.LabelAgreement);
        Assert.Equal((2, 3, 1), (agreement.Frames, agreement.Annotators, agreement.Same));
        Assert.Contains("say little", agreement.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_annotator_may_change_a_word_and_the_history_keeps_both()
    {
        await using var fleet = await FleetHost.StartAsync();
        await PutAsync(fleet, "labels/policy", new LabelPolicyRequest(new LabelPolicy { Annotators = 2 }, "lead"), ContractsJson.Default.LabelPolicyRequest);
        var frame = await ImportAsync(fleet, "frame");
        await LabelAsync(fleet, frame, new LabelRequest("dent", "Ann"));
        Assert.Equal(1, (await LabelAsync(fleet, frame, new LabelRequest("scratch", "Ann"))).Opinions);
        Assert.Equal("scratch", (await LabelAsync(fleet, frame, new LabelRequest("scratch", "Bea"))).Label!.Class);
        Assert.Equal(["dent", "scratch", "scratch", "scratch"], (await GetAsync(fleet, $"frames/{frame}/labels", ContractsJson.Default.FrameLabels)).History.Select(entry => entry.Label!.Class!));
        // By their first words: Ann had said dent.
        Assert.Equal(0, (await GetAsync(fleet, "labels/agreement", ContractsJson.Default.LabelAgreement)).Same);
    }

    [Fact]
    public async Task A_policy_that_cannot_be_is_refused_with_every_mistake()
    {
        await using var fleet = await FleetHost.StartAsync();
        var answer = await fleet.Http.PutAsJsonAsync("labels/policy", new LabelPolicyRequest(new LabelPolicy { Annotators = 0, LeastIou = double.Pi }, ""), ContractsJson.Default.LabelPolicyRequest, Cancel);
        var said = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.All((string[])["Say who", "annotators", "leastIou"], word => Assert.Contains(word, said, StringComparison.Ordinal));
    }

    private static (LabelState, int) Of(FrameView frame) => (frame.State, frame.Opinions);

    private static async Task<string[]> WaitingAsync(FleetHost fleet, string annotator) =>
        [.. (await GetAsync(fleet, $"frames?state=unlabelled&for={annotator}", ContractsJson.Default.FramePage)).Frames.Select(frame => frame.Id)];

    private static async Task<string> ImportAsync(FleetHost fleet, string name)
    {
        var answer = await fleet.Http.PostAsJsonAsync("frames", new FrameImport(TestPictures.Jpeg(name), null, "importer"), ContractsJson.Default.FrameImport, Cancel);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.FrameView, Cancel))!.Id;
    }

    private static async Task<FrameView> LabelAsync(FleetHost fleet, string frame, LabelRequest request)
    {
        var answer = await PutAsync(fleet, $"frames/{frame}/label", request, ContractsJson.Default.LabelRequest);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.FrameView, Cancel))!;
    }

    private static async Task<HttpResponseMessage> PutAsync<T>(FleetHost fleet, string address, T body, JsonTypeInfo<T> type)
    {
        var answer = await fleet.Http.PutAsJsonAsync(address, body, type, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer;
    }

    private static async Task<T> GetAsync<T>(FleetHost fleet, string address, JsonTypeInfo<T> type) => (await fleet.Http.GetFromJsonAsync(address, type, Cancel))!;
}
