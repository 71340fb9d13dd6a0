namespace CvOps.Fleet.Training;

/// <summary>The ids of all training runs, oldest first; one grain, key <see cref="Key"/>.</summary>
internal interface ITrainingQueueGrain : IGrainWithStringKey
{
    const string Key = "all";

    /// <returns>The id given.</returns>
    Task<string> Add();

    Task<List<string>> List();
}

internal sealed class TrainingQueueState
{
    public int Format { get; set; } = 1;

    public List<string> Ids { get; set; } = [];
}

internal sealed class TrainingQueueGrain([PersistentState("training-queue")] IPersistentState<TrainingQueueState> state) : Grain, ITrainingQueueGrain
{
    public async Task<string> Add()
    {
        var id = $"run-{state.State.Ids.Count + 1}";
        try
        {
            state.State.Ids.Add(id);
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
        return id;
    }

    public Task<List<string>> List() => Task.FromResult(state.State.Ids.ToList());
}
