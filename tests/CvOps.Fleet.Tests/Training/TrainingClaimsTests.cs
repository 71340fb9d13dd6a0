using CvOps.Contracts.Api;
using static CvOps.Fleet.Tests.Training.TrainingKit;

namespace CvOps.Fleet.Tests.Training;

/// <summary>Trainers that say more than they have, or leave half of it.</summary>
public sealed class TrainingClaimsTests
{
    [Fact]
    public async Task Half_an_onnx_is_a_finding_and_no_model()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "");
        Write(fleet, Deliver(fleet, Right).Replace("cp ", "head -c 150 ", StringComparison.Ordinal).Replace(" $OUT/model.onnx", " > $OUT/model.onnx", StringComparison.Ordinal));
        var run = await TrainAsync(fleet, request, TrainingState.Failed);
        Assert.Contains("model.onnx (150 bytes) does not run", run.Reason, StringComparison.Ordinal);
        Assert.Null(run.Model);
    }

    [Fact]
    public async Task An_accuracy_that_the_model_does_not_have_is_not_believed()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "", training: 90);
        Write(fleet, "echo '{\"event\":\"metrics\",\"metrics\":{\"trainAccuracy\":0.99}}'; " + Deliver(fleet, BlindToGreen));
        Assert.Contains("claims trainAccuracy 0.990; the model it left is right on 60 of 90", (await TrainAsync(fleet, request, TrainingState.Failed)).Reason, StringComparison.Ordinal);
        Write(fleet, "echo '{\"event\":\"metrics\",\"metrics\":{\"trainAccuracy\":0.667}}'; " + Deliver(fleet, BlindToGreen));
        Assert.Contains("blind to green", (await TrainAsync(fleet, request, TrainingState.Refused, "run-2")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_that_says_something_else_than_the_network_is_refused()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "");
        // The network is said to have answered 0, 0, 0 to a black picture; the model answers its bias, which is 0 too, and 1, 0, 0 is a lie.
        await File.WriteAllBytesAsync(fleet.InFolder("input.f32"), new byte[Side * Side * 3 * 4], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(fleet.InFolder("right.f32"), new byte[12], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(fleet.InFolder("wrong.f32"), [0, 0, 128, 63, .. new byte[8]], TestContext.Current.CancellationToken);
        string Script(string said) => $$"""
            mkdir -p $OUT; cp {{fleet.InFolder("*.f32")}} $OUT
            echo '{"tolerance":0.001,"vectors":[{"input":"input.f32","outputs":[{"name":"logits","file":"{{said}}"}]}]}' > $OUT/golden.json
            {{Deliver(fleet, Right)}}
            """;
        Write(fleet, Script("wrong.f32"));
        Assert.Contains("The exported model is not the network that was trained: its output 'logits' is off by 1 at golden vector 0", (await TrainAsync(fleet, request, TrainingState.Failed)).Reason, StringComparison.Ordinal);
        Write(fleet, Script("../parameters.json"));
        Assert.Contains("it has to lie beside it", (await TrainAsync(fleet, request, TrainingState.Failed, "run-2")).Reason, StringComparison.Ordinal);
        Write(fleet, Script("right.f32"));
        await TrainAsync(fleet, request, TrainingState.Inconclusive, "run-3");
    }
}
