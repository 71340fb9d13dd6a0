using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Tests.Rollouts;

namespace CvOps.Fleet.Tests.Tracking;

/// <summary>The registry as MLflow's client uses it; every body is one that mlflow 2.12.2 sent to a fleet.</summary>
public sealed class MlflowRegistryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_is_registered_from_a_run_and_found_by_its_alias_tags_and_run()
    {
        await using var fleet = await FleetHost.StartAsync();
        var mlflow = new MlflowClient(fleet);
        var run = await mlflow.RunAsync("first");
        await mlflow.PostAsync("registered-models/create", """{"name": "mod", "tags": [{"key": "line", "value": "a"}], "description": "d"}""");
        Assert.Equal(("RESOURCE_ALREADY_EXISTS", "There is a registered model 'mod' already."), await mlflow.RefusedAsync("registered-models/create", """{"name": "mod"}"""));
        for (var version = 1; version <= 2; version++)
        {
            var made = await mlflow.PostAsync("model-versions/create", $$"""{"name": "mod", "source": "mlflow-artifacts:/0/{{run}}/artifacts/many", "run_id": "{{run}}", "tags": [{"key": "q", "value": "{{version}}"}]}""");
            Assert.Equal(($"{version}", "READY"), (made.GetProperty("model_version").GetProperty("version").GetString(), made.GetProperty("model_version").GetProperty("status").GetString()));
        }
        await mlflow.PostAsync("registered-models/alias", """{"name": "mod", "alias": "champion", "version": "1"}""");
        Assert.Equal("1", Version(await mlflow.GetAsync("registered-models/alias?name=mod&alias=champion")));
        await mlflow.PostAsync("registered-models/set-tag", """{"name": "mod", "key": "site", "value": "ulm"}""");
        await mlflow.PostAsync("model-versions/set-tag", """{"name": "mod", "version": "1", "key": "checked", "value": "yes"}""");
        await mlflow.SendAsync(HttpMethod.Patch, "model-versions/update", """{"name": "mod", "version": "1", "description": "vv"}""");

        var model = Assert.Single((await mlflow.GetAsync("registered-models/search?filter=name%20LIKE%20'mo%25'%20and%20tags.site%20%3D%20'ulm'%20and%20tags.line%20%3D%20'a'&max_results=100&order_by=last_updated_timestamp%20DESC")).GetProperty("registered_models").EnumerateArray());
        Assert.Equal(("mod", "d", "2"), (model.GetProperty("name").GetString(), model.GetProperty("description").GetString(), model.GetProperty("latest_versions")[0].GetProperty("version").GetString()));
        Assert.Equal(("champion", "1"), (model.GetProperty("aliases")[0].GetProperty("alias").GetString(), model.GetProperty("aliases")[0].GetProperty("version").GetString()));
        Assert.Equal(["2", "1"], await VersionsAsync(mlflow, "name='mod'"));
        Assert.Equal(["1"], await VersionsAsync(mlflow, "name='mod' and tags.checked = 'yes'"));
        Assert.Equal(["2"], await VersionsAsync(mlflow, $"run_id = '{run}' and version_number > 1"));
        Assert.Equal("2", (await mlflow.PostAsync("registered-models/get-latest-versions", """{"name": "mod"}""")).GetProperty("model_versions")[0].GetProperty("version").GetString());

        await mlflow.SendAsync(HttpMethod.Delete, "registered-models/alias", """{"name": "mod", "alias": "champion"}""");
        Assert.Equal("RESOURCE_DOES_NOT_EXIST", (await mlflow.RefusedAsync(HttpMethod.Get, "registered-models/alias?name=mod&alias=champion", null)).Code);
        await mlflow.SendAsync(HttpMethod.Delete, "model-versions/delete", """{"name": "mod", "version": "2"}""");
        await mlflow.PostAsync("registered-models/rename", """{"name": "mod", "new_name": "mod-b"}""");
        Assert.Equal(["1"], await VersionsAsync(mlflow, "name='mod-b'"));
        await mlflow.SendAsync(HttpMethod.Delete, "registered-models/delete", """{"name": "mod-b"}""");
        Assert.Empty(await VersionsAsync(mlflow, "run_id != ''"));
        Assert.Contains("no stages here", (await mlflow.RefusedAsync("model-versions/transition-stage", """{"name": "x", "version": "1", "stage": "Production", "archive_existing_versions": false}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_is_a_registered_model_and_its_alias_moves_with_history_and_audit()
    {
        await using var line = await RolloutLine.StartAsync(0);
        var mlflow = new MlflowClient(line.Fleet);
        await line.Fleet.Http.PutAsJsonAsync("aliases/line/champion", new AliasRequest(line.Old.Digest, "operator", "the first"), ContractsJson.Default.AliasRequest, Ct);
        var model = (await mlflow.GetAsync("registered-models/get?name=line")).GetProperty("registered_model");
        Assert.Equal(("2", "champion", "1"), (model.GetProperty("latest_versions")[0].GetProperty("version").GetString(), model.GetProperty("aliases")[0].GetProperty("alias").GetString(), model.GetProperty("aliases")[0].GetProperty("version").GetString()));
        Assert.Equal(["1"], await VersionsAsync(mlflow, $"name='line' and tags.`cvops.digest` = '{line.Old.Digest}'"));

        await mlflow.PostAsync("registered-models/alias", """{"name": "line", "alias": "champion", "version": "2"}""");
        var alias = Assert.Single((await line.Fleet.Http.GetFromJsonAsync("aliases?name=line", ContractsJson.Default.AliasViewArray, Ct))!);
        Assert.Equal(("champion", line.New, "mlflow", "moved by an MLflow client"), (alias.Alias, alias.Model, alias.By, alias.Reason));
        Assert.Contains((await line.Fleet.Http.GetFromJsonAsync("audit?limit=1000", ContractsJson.Default.AuditPage, Ct))!.Entries, entry => entry is { Action: "model.alias", Subject: "line@champion", By: "mlflow" });
        Assert.Equal("2", Version(await mlflow.GetAsync("registered-models/alias?name=line&alias=champion")));

        // What CvOps refuses, it refuses here: a revoked version, a name like a version's.
        await line.Fleet.Http.PostAsJsonAsync($"models/{line.Old.Digest}/revoke", new RevokeModelRequest("operator", "blind to dents"), ContractsJson.Default.RevokeModelRequest, Ct);
        Assert.Equal(("INVALID_PARAMETER_VALUE", "line 1 is revoked: blind to dents"), await mlflow.RefusedAsync("registered-models/alias", """{"name": "line", "alias": "champion", "version": "1"}"""));
        Assert.Equal("There is a version '2' of line, so line@2 means that.", (await mlflow.RefusedAsync("registered-models/alias", """{"name": "line", "alias": "2", "version": "2"}""")).Message);
        Assert.Contains("is no name for an alias", (await mlflow.RefusedAsync("registered-models/alias", """{"name": "line", "alias": "v2", "version": "2"}""")).Message, StringComparison.Ordinal);
        await mlflow.SendAsync(HttpMethod.Delete, "registered-models/alias", """{"name": "line", "alias": "champion"}""");
        Assert.Empty((await line.Fleet.Http.GetFromJsonAsync("aliases?name=line", ContractsJson.Default.AliasViewArray, Ct))!);

        // Packages are made by signing and stay.
        Assert.Contains("signed packages", (await mlflow.RefusedAsync("model-versions/create", """{"name": "line", "source": "mlflow-artifacts:/0/a/artifacts/m"}""")).Message, StringComparison.Ordinal);
        Assert.Contains("never leave", (await mlflow.RefusedAsync(HttpMethod.Delete, "model-versions/delete", """{"name": "line", "version": "1"}""")).Message, StringComparison.Ordinal);
        Assert.Contains("stays", (await mlflow.RefusedAsync(HttpMethod.Delete, "registered-models/delete", """{"name": "line"}""")).Message, StringComparison.Ordinal);
        Assert.Contains("keeps its name", (await mlflow.RefusedAsync("registered-models/rename", """{"name": "line", "new_name": "other"}""")).Message, StringComparison.Ordinal);
        await mlflow.PostAsync("registered-models/set-tag", """{"name": "line", "key": "site", "value": "ulm"}""");
    }

    private static string? Version(JsonElement answer) => answer.GetProperty("model_version").GetProperty("version").GetString();

    private static async Task<string[]> VersionsAsync(MlflowClient mlflow, string filter) =>
        [.. (await mlflow.GetAsync($"model-versions/search?filter={Uri.EscapeDataString(filter)}&max_results=10000")).GetProperty("model_versions").EnumerateArray().Select(version => version.GetProperty("version").GetString()!)];
}
