using System.Net;
using System.Text.Json;

namespace CvOps.Fleet.Tests.Tracking;

public sealed class MlflowArtefactTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_go_up_are_listed_folder_by_folder_and_come_back_byte_for_byte()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var run = await mlflow.RunAsync("first");
        // Larger than any document of the API.
        var large = new byte[9 * 1024 * 1024];
        new Random(1).NextBytes(large);
        foreach (var (path, bytes) in new[] { ("conf.json", "{}"u8.ToArray()), ("many/c%20d.txt", "x"u8.ToArray()), ("many/sub/b.bin", large) })
            Assert.Equal(HttpStatusCode.OK, (await mlflow.ArtefactAsync(HttpMethod.Put, $"artifacts/0/{run}/artifacts/{path}", bytes)).StatusCode);
        await fleet.RestartFleetAsync();

        Assert.Equal(["conf.json file 2", "many folder"], await ListAsync(mlflow, $"0/{run}/artifacts"));
        Assert.Equal(["c d.txt file 1", "sub folder"], await ListAsync(mlflow, $"0/{run}/artifacts/many"));
        Assert.Equal(large, await (await mlflow.ArtefactAsync(HttpMethod.Get, $"artifacts/0/{run}/artifacts/many/sub/b.bin")).Content.ReadAsByteArrayAsync(Ct));
        var listed = await mlflow.GetAsync($"artifacts/list?run_id={run}&path=many");
        Assert.Equal(($"mlflow-artifacts:/0/{run}/artifacts", "many/c d.txt"), (listed.GetProperty("root_uri").GetString(), listed.GetProperty("files")[0].GetProperty("path").GetString()));

        Assert.Equal(HttpStatusCode.OK, (await mlflow.ArtefactAsync(HttpMethod.Delete, $"artifacts/0/{run}/artifacts/many")).StatusCode);
        Assert.Equal(["conf.json file 2"], await ListAsync(mlflow, $"0/{run}/artifacts"));
    }

    [Fact]
    public async Task A_path_that_leads_elsewhere_or_nowhere_is_refused()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var run = await mlflow.RunAsync("first");
        foreach (var path in new[] { $"0/{run}/artifacts/a/..%2F..%2Fb", $"0/{run}/artifacts/a%5Cb", $"0/{run}/other/a", $"0/{run}/artifacts" })
            Assert.Equal(HttpStatusCode.BadRequest, (await mlflow.ArtefactAsync(HttpMethod.Put, $"artifacts/{path}", [1])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await mlflow.ArtefactAsync(HttpMethod.Put, "artifacts/0/nobody/artifacts/a", [1])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await mlflow.ArtefactAsync(HttpMethod.Get, $"artifacts/0/{run}/artifacts/a")).StatusCode);
        Assert.Empty(await ListAsync(mlflow, $"0/{run}/artifacts"));
        // The words with which a client goes back to one piece.
        var answer = await mlflow.ArtefactAsync(HttpMethod.Post, $"mpu/create/0/{run}/artifacts", "{}"u8.ToArray());
        Assert.StartsWith("Multipart upload is not supported for the current artifact repository", JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_is_an_artefact_of_its_version_and_never_changes()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var package = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder("a.cvmodel"), fleet.SigningKey), Ct);
        (await fleet.Http.PostAsync("models", new ByteArrayContent(package), Ct)).EnsureSuccessStatusCode();
        var uri = (await mlflow.GetAsync("model-versions/get-download-uri?name=line&version=1")).GetProperty("artifact_uri").GetString()!;
        var root = uri["mlflow-artifacts:/".Length..];
        Assert.Equal([$"line-1.cvmodel file {package.Length}"], await ListAsync(mlflow, root));
        Assert.Equal(package, await (await mlflow.ArtefactAsync(HttpMethod.Get, $"artifacts/{root}/line-1.cvmodel")).Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal(HttpStatusCode.BadRequest, (await mlflow.ArtefactAsync(HttpMethod.Put, $"artifacts/{root}/line-1.cvmodel", [1])).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await mlflow.ArtefactAsync(HttpMethod.Delete, $"artifacts/{root}/line-1.cvmodel")).StatusCode);
    }

    private static async Task<IEnumerable<string>> ListAsync(MlflowClient mlflow, string path)
    {
        using var answer = await mlflow.ArtefactAsync(HttpMethod.Get, $"artifacts?path={Uri.EscapeDataString(path)}");
        var files = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("files");
        return [.. files.EnumerateArray().Select(file => $"{file.GetProperty("path")} {(file.GetProperty("is_dir").GetBoolean() ? "folder" : $"file {file.GetProperty("file_size")}")}")];
    }
}
