using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Tests.Frames;

public sealed class LabelPageTests
{
    private const string Hostile = "<script>alert(1)</script>";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_show_what_is_found_what_the_model_says_who_labelled_and_who_disagrees()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SendAsync(device.Frame("waits", margin: 0.05));
        await device.SendAsync(device.Frame("known", margin: 0.9));
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("frames", ContractsJson.Default.FramePage, Cancel))!.Unlabelled == 2, "two frames");
        await PutAsync(fleet, "frames/known/label", new LabelRequest(Hostile, "Ann", Note: "at the edge", Via: "page"));
        await fleet.Http.PutAsJsonAsync("labels/policy", new LabelPolicyRequest(new LabelPolicy { Annotators = 2, GoldenAnnotators = 2 }, "lead"), ContractsJson.Default.LabelPolicyRequest, Cancel);

        var found = await PageAsync(fleet, "frames?text=EDGE");
        Assert.Contains("href=\"frames/known\"", found, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"frames/waits\"", found, StringComparison.Ordinal);
        Assert.DoesNotContain(Hostile, found, StringComparison.Ordinal);
        Assert.Contains("is no range of confidence", await PageAsync(fleet, "frames?confidence=high"), StringComparison.Ordinal);
        Assert.Contains("No frame fits", await PageAsync(fleet, "frames?device=nobody"), StringComparison.Ordinal);

        var frame = await PageAsync(fleet, "frames/known");
        Assert.Contains("at the edge", frame, StringComparison.Ordinal);
        Assert.Contains(">page<", frame, StringComparison.Ordinal);
        Assert.DoesNotContain(Hostile, frame, StringComparison.Ordinal);

        var editor = await PageAsync(fleet, "labels/next?for=Bea");
        Assert.Contains("data-frame=\"waits\"", editor, StringComparison.Ordinal);
        Assert.DoesNotContain(Hostile, editor, StringComparison.Ordinal);
        await PutAsync(fleet, "frames/waits/label", new LabelRequest("ok", "Bea"));
        Assert.Contains("No frame is waiting", await PageAsync(fleet, "labels/next?for=Bea"), StringComparison.Ordinal);
        await PutAsync(fleet, "frames/waits/label", new LabelRequest("dent", "Ann"));
        Assert.Contains("Ann says dent, Bea says ok", await PageAsync(fleet, "labels/review"), StringComparison.Ordinal);
        Assert.Contains("There is no frame nobody", await PageAsync(fleet, "labels/nobody"), StringComparison.Ordinal);
        foreach (var script in (string[])["label.js", "shapes.js"]) Assert.NotEmpty(await PageAsync(fleet, $"assets/{script}"));
    }

    private static async Task PutAsync(FleetHost fleet, string address, LabelRequest label) =>
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PutAsJsonAsync(address, label, ContractsJson.Default.LabelRequest, Cancel)).StatusCode);

    private static async Task<string> PageAsync(FleetHost fleet, string page) => await fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, $"/{page}"), Cancel);
}
