using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>Registered models. CvOps' own, the packages, are shown here with their aliases; what makes them is elsewhere, so here they take tags and a description alone.</summary>
internal sealed class RegisteredModels(Database database, SharedWrites shared, TimeProvider time)
{
    /// <summary>Tables that hold a model's name, this row's last.</summary>
    private static readonly string[] Tables = ["registered_model_tag", "registered_model_alias", "model_version_tag", "model_version", "registered_model"];

    /// <summary>Shows the packages that this registry does not show yet, as after an upgrade or an import.</summary>
    public Task AdoptAsync(CancellationToken cancel) => shared.WriteAsync(connection => RegistryTables.Adopt(connection, null), cancel);

    public async Task<RegisteredModel> CreateAsync(string name, string description, IReadOnlyList<KeyText> tags, CancellationToken cancel)
    {
        await shared.WriteAsync(connection =>
        {
            if (!RegistryTables.AddModel(connection, name, description, time.GetUtcNow())) throw TrackingException.Taken($"There is a registered model '{name}' already.");
            foreach (var tag in tags) RegistryTables.SetModelTag(connection, name, tag);
            return true;
        }, cancel);
        return await GetAsync(name, cancel);
    }

    /// <exception cref="TrackingException">There is none.</exception>
    public async Task<RegisteredModel> GetAsync(string name, CancellationToken cancel) =>
        await database.ReadMomentAsync(connection => RegistryReader.Models(connection, [name]), cancel) is [var found] ? found : throw TrackingException.Missing("registered model", name);

    /// <inheritdoc cref="RunSearch.Prepare"/>
    public Task<(IReadOnlyList<RegisteredModel> Models, string? Next)> SearchAsync(string? filter, IReadOnlyList<string> order, int limit, string? token, CancellationToken cancel) =>
        database.ReadMomentAsync(RegistrySearch.Models(filter, order, limit, token), cancel);

    public Task<RegisteredModel> DescribeAsync(string name, string description, CancellationToken cancel) => ChangeAsync(name,
        connection => connection.Execute("UPDATE registered_model SET description = @description WHERE name = @name", new { name, description }), cancel);

    public Task<RegisteredModel> SetTagAsync(string name, KeyText tag, CancellationToken cancel) => ChangeAsync(name, connection => RegistryTables.SetModelTag(connection, name, tag), cancel);

    public Task<RegisteredModel> DeleteTagAsync(string name, string key, CancellationToken cancel) => ChangeAsync(name,
        connection => connection.Execute("DELETE FROM registered_model_tag WHERE name = @name AND key = @key", new { name, key }), cancel);

    public async Task<RegisteredModel> RenameAsync(string name, string newName, CancellationToken cancel)
    {
        await ChangeAsync(name, connection =>
        {
            RefusePackages(connection, name, "keeps its name, which its packages are signed with");
            if (connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM registered_model WHERE name = @newName)", new { newName })) throw TrackingException.Taken($"There is a registered model '{newName}' already.");
            foreach (var table in Tables) connection.Execute($"UPDATE {table} SET name = @newName WHERE name = @name", new { name, newName });
        }, cancel, answer: false);
        return await GetAsync(newName, cancel);
    }

    public Task DeleteAsync(string name, CancellationToken cancel) => ChangeAsync(name, connection =>
    {
        RefusePackages(connection, name, "stays: packages never leave the registry; 'cvops model revoke' ends the use of a version");
        foreach (var table in Tables) connection.Execute($"DELETE FROM {table} WHERE name = @name", new { name });
    }, cancel, answer: false);

    private static void RefusePackages(DbConnection connection, string name, string why)
    {
        if (RegistryTables.HasPackage(connection, name)) throw TrackingException.Invalid($"'{name}' is a model of CvOps and {why}.");
    }

    private async Task<RegisteredModel> ChangeAsync(string name, Action<DbConnection> change, CancellationToken cancel, bool answer = true)
    {
        await shared.WriteAsync(connection =>
        {
            RegistryTables.Touch(connection, name, time.GetUtcNow());
            change(connection);
            return true;
        }, cancel);
        return answer ? await GetAsync(name, cancel) : null!;
    }
}
